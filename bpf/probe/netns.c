// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Asks the kernel for the id of each namespace that has a name or a process, until one is the wanted. */
#include "probe/netns.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe/netlink.h"

#define PROCESS_NAMESPACES_MAX 1024

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

/* Whether the namespace at that path is the wanted; fills its number if so. */
static bool is_wanted(int fd, const char *path, int32_t nsid, struct netns *found)
{
	int ns_fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat file;
	bool is_it = false;

	if (ns_fd < 0)
		return false;
	if (!fstat(ns_fd, &file) && id_of(fd, ns_fd) == nsid) {
		found->inum = file.st_ino;
		is_it = true;
	}
	close(ns_fd);
	return is_it;
}

static bool find_named(int fd, int32_t nsid, struct netns *found)
{
	DIR *directory = opendir("/run/netns");
	const struct dirent *entry;
	char path[512];
	bool is_found = false;

	while (directory && !is_found && (entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/run/netns/%s", entry->d_name);
		is_found = is_wanted(fd, path, nsid, found);
		if (is_found)
			snprintf(found->name, sizeof(found->name), "%.63s", entry->d_name);
	}
	if (directory)
		closedir(directory);
	return is_found;
}

static bool is_new(ino_t inode, ino_t *seen, size_t *count)
{
	for (size_t i = 0; i < *count; i++)
		if (seen[i] == inode)
			return false;
	if (*count < PROCESS_NAMESPACES_MAX)
		seen[(*count)++] = inode;
	return true;
}

static bool find_of_process(int fd, int32_t nsid, struct netns *found)
{
	ino_t seen[PROCESS_NAMESPACES_MAX];
	DIR *directory = opendir("/proc");
	const struct dirent *entry;
	bool is_found = false;
	struct stat file;
	size_t count = 0;
	char path[512];

	while (directory && !is_found && (entry = readdir(directory))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/ns/net", entry->d_name);
		if (!stat(path, &file) && is_new(file.st_ino, seen, &count))
			is_found = is_wanted(fd, path, nsid, found);
	}
	if (directory)
		closedir(directory);
	return is_found;
}

struct netns netns_by_id(int fd, int32_t nsid)
{
	struct netns found = {};

	if (!find_named(fd, nsid, &found))
		find_of_process(fd, nsid, &found);
	return found;
}

uint32_t netns_own(void)
{
	struct stat file;

	return stat("/proc/self/ns/net", &file) ? 0 : file.st_ino;
}
