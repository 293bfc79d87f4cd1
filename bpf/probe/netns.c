// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Asks the kernel for the id of each namespace that has a name or a process. */
#include "probe/netns.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe/netlink.h"

struct request {
	struct nlmsghdr header;
	struct rtgenmsg family;
	char pad[3];
	struct rtattr attribute;
	int32_t fd;
};

static void read_id(const struct nlmsghdr *message, void *context)
{
	const int32_t *id;

	if (message->nlmsg_type != RTM_NEWNSID)
		return;
	id = netlink_attribute((const char *)NLMSG_DATA(message) + NLMSG_ALIGN(sizeof(struct rtgenmsg)),
			       NLMSG_PAYLOAD(message, sizeof(struct rtgenmsg)), NETNSA_NSID, sizeof(*id));
	if (id)
		*(int32_t *)context = *id;
}

/* The id of the namespace open as `ns_fd`, or -1 if it has none here. */
static int32_t id_of(int fd, int ns_fd)
{
	struct request request = {
		.header = { .nlmsg_len = sizeof(request), .nlmsg_type = RTM_GETNSID, .nlmsg_flags = NLM_F_REQUEST },
		.attribute = { .rta_len = RTA_LENGTH(sizeof(int32_t)), .rta_type = NETNSA_FD },
		.fd = ns_fd,
	};
	int32_t id = -1;

	if (netlink_request(fd, &request.header, read_id, &id))
		return -1;
	return id;
}

static bool is_known(const struct netns_list *list, uint32_t inum)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].inum == inum)
			return true;
	return false;
}

static void add(struct netns_list *list, int fd, const char *path, const char *name)
{
	struct netns item = { .nsid = -1 };
	struct netns *grown;
	struct stat file;
	int ns_fd;

	if (stat(path, &file) || is_known(list, file.st_ino))
		return;
	ns_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (ns_fd < 0)
		return;
	item.inum = file.st_ino;
	item.nsid = id_of(fd, ns_fd);
	close(ns_fd);
	snprintf(item.name, sizeof(item.name), "%.63s", name);
	grown = realloc(list->items, (list->count + 1) * sizeof(item));
	if (!grown)
		return;
	list->items = grown;
	list->items[list->count++] = item;
}

/* Adds what `suffix` names in each entry of the directory. */
static void add_all(struct netns_list *list, int fd, const char *directory, const char *suffix, bool is_named)
{
	DIR *entries = opendir(directory);
	const struct dirent *entry;
	char path[512];

	while (entries && (entry = readdir(entries))) {
		if (entry->d_name[0] == '.' || (!is_named && !isdigit((unsigned char)entry->d_name[0])))
			continue;
		snprintf(path, sizeof(path), "%s/%s%s", directory, entry->d_name, suffix);
		add(list, fd, path, is_named ? entry->d_name : "");
	}
	if (entries)
		closedir(entries);
}

void netns_list_read(struct netns_list *list, int fd)
{
	netns_list_free(list);
	add_all(list, fd, "/run/netns", "", true);
	add_all(list, fd, "/proc", "/ns/net", false);
}

void netns_list_free(struct netns_list *list)
{
	free(list->items);
	*list = (struct netns_list){};
}

const struct netns *netns_by_id(const struct netns_list *list, int32_t nsid)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].nsid == nsid)
			return &list->items[i];
	return NULL;
}

uint32_t netns_own(void)
{
	struct stat file;

	return stat("/proc/self/ns/net", &file) ? 0 : file.st_ino;
}
