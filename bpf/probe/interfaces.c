// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Follows rtnetlink: link events attach and detach, the full list now and then mends what was missed. */
#include "probe/interfaces.h"

#include <errno.h>
#include <fnmatch.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe/log.h"
#include "probe/netlink.h"
#include "probe/netns.h"

#define ADDRESSES_MAX 64
#define KIND_BYTES    16

struct interface {
	struct table_node node;
	uint64_t ifindex;
	uint32_t state; /* enum interface_state, 0 before it is decided */
	int error;
	int links[2];
	bool is_veth;
	uint8_t encryption; /* enum encryption */
	bool is_reported;
	uint32_t generation;
	struct netns peer;
	char name[16];
	uint8_t addresses[ADDRESSES_MAX][16];
	uint32_t address_count;
	uint8_t fresh[ADDRESSES_MAX][16]; /* being collected */
	uint32_t fresh_count;
};

static struct interface *find(const struct interfaces *interfaces, uint32_t ifindex)
{
	uint64_t key = ifindex;

	return table_find(&interfaces->table, &key);
}

/* Devices whose packets start with the IP header. */
static bool has_link_header(uint16_t type)
{
	switch (type) {
	case ARPHRD_NONE:
	case ARPHRD_RAWIP:
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
	case ARPHRD_SIT:
	case ARPHRD_IPGRE:
	case ARPHRD_IP6GRE:
	case ARPHRD_PPP:
		return false;
	}
	return true;
}

static bool is_excluded(const struct interfaces *interfaces, const char *name)
{
	for (int i = 0; i < interfaces->options->excluded_count; i++)
		if (!fnmatch(interfaces->options->excluded[i], name, 0))
			return true;
	return false;
}

static void attach(struct interfaces *interfaces, struct interface *interface, uint16_t type)
{
	int err = kernel_attach(interfaces->kernel, interface->ifindex, has_link_header(type), interface->links);

	if (!err) {
		interface->state = INTERFACE_ATTACHED;
		interfaces->attached++;
		return;
	}
	interface->state = INTERFACE_FAILED;
	interface->error = -err;
	interfaces->attach_failures++;
	log_warn("cannot watch interface %s: %s%s", interface->name, strerror(-err),
		 err == -EINVAL ? "; tcx needs kernel 6.6 or newer" : "");
}

static void detach(struct interfaces *interfaces, struct interface *interface)
{
	if (interface->state != INTERFACE_ATTACHED)
		return;
	close(interface->links[0]);
	close(interface->links[1]);
	interfaces->attached--;
}

static void lose(struct interfaces *interfaces, struct interface *interface)
{
	detach(interfaces, interface);
	interface->state = INTERFACE_GONE;
	interface->is_reported = false;
}

/* Namespaces are listed at most once per refresh, and when a link leads to one that is not on the list. */
static struct netns look_up_peer(struct interfaces *interfaces, int32_t nsid)
{
	const struct netns *found = netns_by_id(&interfaces->namespaces, nsid);

	if (!found && nsid >= 0 && !interfaces->namespaces_are_fresh) {
		netns_list_read(&interfaces->namespaces, interfaces->netns_fd);
		interfaces->namespaces_are_fresh = true;
		found = netns_by_id(&interfaces->namespaces, nsid);
	}
	return found && nsid >= 0 ? *found : (struct netns){ .nsid = nsid };
}

static void find_peer(struct interfaces *interfaces, struct interface *interface, int32_t nsid)
{
	struct netns found = look_up_peer(interfaces, nsid);

	if (!memcmp(&interface->peer, &found, sizeof(found)))
		return;
	interface->peer = found;
	interface->is_reported = false;
}

/* Of a device that is made, not found: veth, bridge, wireguard; empty for hardware, a virtual machine's too. */
static void read_kind(char kind[KIND_BYTES], const void *attributes, size_t length)
{
	size_t info_length, kind_length;
	const void *info = netlink_nested(attributes, length, IFLA_LINKINFO, &info_length);
	const char *name = info ? netlink_nested(info, info_length, IFLA_INFO_KIND, &kind_length) : NULL;

	memset(kind, 0, KIND_BYTES);
	if (name)
		memcpy(kind, name, kind_length < KIND_BYTES ? kind_length : KIND_BYTES - 1);
}

/* Hardware is taken to lead to other machines; of devices that are made, only the user can say that. */
static enum encryption encryption_of(const struct interfaces *interfaces, const char *kind, const char *name)
{
	const struct options *options = interfaces->options;

	if (!strcmp(kind, "wireguard"))
		return ENCRYPTION_WIREGUARD;
	if (!strcmp(kind, "xfrm") || !strcmp(kind, "vti") || !strcmp(kind, "vti6"))
		return ENCRYPTION_IPSEC;
	for (int i = 0; i < options->uplink_count; i++)
		if (!fnmatch(options->uplinks[i], name, 0))
			return ENCRYPTION_NONE;
	return *kind ? ENCRYPTION_UNKNOWN : ENCRYPTION_NONE;
}

static struct interface *open_interface(struct interfaces *interfaces, uint32_t ifindex)
{
	uint64_t key = ifindex;
	struct interface *interface = find(interfaces, ifindex);

	/* The number of one that is gone is in use again before its flows were ended. */
	if (interface && interface->state == INTERFACE_GONE) {
		table_remove(&interfaces->table, interface);
		interface = NULL;
	}
	if (interface)
		return interface;
	return table_add(&interfaces->table, &key);
}

static void link_is_there(struct interfaces *interfaces, const struct ifinfomsg *info, const void *attributes,
			  size_t length)
{
	const int32_t *nsid = netlink_attribute(attributes, length, IFLA_LINK_NETNSID, sizeof(*nsid));
	const char *name = netlink_attribute(attributes, length, IFLA_IFNAME, 1);
	struct interface *interface = open_interface(interfaces, info->ifi_index);
	char kind[KIND_BYTES];

	if (!interface || !name)
		return;
	interface->generation = interfaces->generation;
	if (strncmp(interface->name, name, sizeof(interface->name) - 1)) {
		snprintf(interface->name, sizeof(interface->name), "%.15s", name);
		interface->is_reported = false;
	}
	if (!interface->state) {
		/* First of all: packets may come before anything else is known about it. */
		if (info->ifi_flags & IFF_LOOPBACK || is_excluded(interfaces, name))
			interface->state = INTERFACE_SKIPPED;
		else
			attach(interfaces, interface, info->ifi_type);
	}
	read_kind(kind, attributes, length);
	interface->is_veth = !strcmp(kind, "veth");
	interface->encryption = encryption_of(interfaces, kind, interface->name);
	if (interface->is_veth)
		find_peer(interfaces, interface, nsid ? *nsid : -1);
}

static void on_link(const struct nlmsghdr *message, void *context)
{
	const struct ifinfomsg *info = NLMSG_DATA(message);
	struct interfaces *interfaces = context;
	struct interface *interface;

	/* A bridge says DELLINK, with its own family, when a port leaves it. */
	if (info->ifi_family != AF_UNSPEC)
		return;
	if (message->nlmsg_type == RTM_NEWLINK) {
		link_is_there(interfaces, info, IFLA_RTA(info), IFLA_PAYLOAD(message));
		return;
	}
	interface = find(interfaces, info->ifi_index);
	if (interface && interface->state != INTERFACE_GONE)
		lose(interfaces, interface);
}

static void on_address(const struct nlmsghdr *message, void *context)
{
	const struct ifaddrmsg *info = NLMSG_DATA(message);
	struct interface *interface = find(context, info->ifa_index);
	bool is_v4 = info->ifa_family == AF_INET;
	size_t size = is_v4 ? 4 : 16, length = IFA_PAYLOAD(message);
	const void *address;
	uint8_t *to;

	if (message->nlmsg_type != RTM_NEWADDR || !interface || interface->fresh_count == ADDRESSES_MAX)
		return;
	/* On a point-to-point link ADDRESS is the other end's. */
	address = netlink_attribute(IFA_RTA(info), length, IFA_LOCAL, size);
	if (!address)
		address = netlink_attribute(IFA_RTA(info), length, IFA_ADDRESS, size);
	if (!address)
		return;
	to = interface->fresh[interface->fresh_count++];
	memset(to, 0, 16);
	if (is_v4)
		to[10] = to[11] = 0xff;
	memcpy(to + 16 - size, address, size);
}

static void on_event(const struct nlmsghdr *message, void *context)
{
	struct interfaces *interfaces = context;

	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		on_link(message, interfaces);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		interfaces->addresses_changed = true;
		break;
	}
}

static int dump(struct interfaces *interfaces, uint16_t type, netlink_handler handler)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg info;
	} request = {
		.header = { .nlmsg_len = sizeof(request),
			    .nlmsg_type = type,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
	};

	return netlink_request(interfaces->request_fd, &request.header, handler, interfaces);
}

static int refresh_addresses(struct interfaces *interfaces)
{
	struct interface *interface;
	int err;

	interfaces->addresses_changed = false;
	table_for_each (interface, &interfaces->table)
		interface->fresh_count = 0;
	err = dump(interfaces, RTM_GETADDR, on_address);
	if (err)
		return err;
	table_for_each (interface, &interfaces->table) {
		size_t size = interface->fresh_count * sizeof(interface->fresh[0]);

		if (interface->fresh_count == interface->address_count &&
		    !memcmp(interface->fresh, interface->addresses, size))
			continue;
		memcpy(interface->addresses, interface->fresh, size);
		interface->address_count = interface->fresh_count;
		interface->is_reported = false;
	}
	return 0;
}

int interfaces_refresh(struct interfaces *interfaces)
{
	struct interface *interface;
	int err;

	interfaces->generation++;
	/* A number is used again for another namespace, and a name may come late. */
	netns_list_free(&interfaces->namespaces);
	interfaces->namespaces_are_fresh = false;
	err = dump(interfaces, RTM_GETLINK, on_link);
	if (err)
		return err;
	table_for_each (interface, &interfaces->table)
		if (interface->generation != interfaces->generation && interface->state != INTERFACE_GONE)
			lose(interfaces, interface);
	return refresh_addresses(interfaces);
}

int interfaces_open(struct interfaces *interfaces, const struct kernel *kernel, const struct options *options)
{
	*interfaces = (struct interfaces){ .kernel = kernel, .options = options };
	table_init(&interfaces->table, sizeof(uint64_t), sizeof(struct interface));
	interfaces->events_fd = netlink_open(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
	interfaces->request_fd = netlink_open(0);
	interfaces->netns_fd = netlink_open(0);
	if (interfaces->events_fd < 0 || interfaces->request_fd < 0 || interfaces->netns_fd < 0)
		return -errno;
	return interfaces_refresh(interfaces);
}

void interfaces_close(struct interfaces *interfaces)
{
	struct interface *interface;

	table_for_each (interface, &interfaces->table)
		detach(interfaces, interface);
	table_free(&interfaces->table);
	netns_list_free(&interfaces->namespaces);
	close(interfaces->events_fd);
	close(interfaces->request_fd);
	close(interfaces->netns_fd);
}

void interfaces_receive(struct interfaces *interfaces)
{
	int err;

	interfaces->namespaces_are_fresh = false;
	err = netlink_receive(interfaces->events_fd, on_event, interfaces);

	if (err == -ENOBUFS)
		err = interfaces_refresh(interfaces);
	else if (!err && interfaces->addresses_changed)
		err = refresh_addresses(interfaces);
	if (err)
		log_warn("cannot follow interfaces: %s", strerror(-err));
}

static int report(struct interface *interface, struct outbox *outbox)
{
	size_t addresses = interface->address_count * sizeof(interface->addresses[0]);
	struct interface_record *record;

	record = outbox_record(outbox, CLASS_STATE, RECORD_INTERFACE, sizeof(*record) + addresses);
	if (!record)
		return -1;
	record->ifindex = interface->ifindex;
	record->state = interface->state;
	record->peer_netns_inum = interface->peer.inum;
	record->is_veth = interface->is_veth;
	record->address_count = interface->address_count;
	record->error = interface->error;
	memcpy(record->name, interface->name, sizeof(record->name));
	memcpy(record->peer_netns_name, interface->peer.name, sizeof(record->peer_netns_name));
	memcpy(record + 1, interface->addresses, addresses);
	interface->is_reported = true;
	return 0;
}

void interfaces_report(struct interfaces *interfaces, struct outbox *outbox)
{
	struct interface *interface;

	if (!outbox->is_connected)
		return;
	table_for_each (interface, &interfaces->table)
		if (!interface->is_reported && report(interface, outbox))
			return;
}

void interfaces_forget_reported(struct interfaces *interfaces)
{
	struct interface *interface;

	table_for_each (interface, &interfaces->table)
		interface->is_reported = false;
}

bool interfaces_is_gone(const struct interfaces *interfaces, uint32_t ifindex)
{
	const struct interface *interface = find(interfaces, ifindex);

	return !interface || interface->state == INTERFACE_GONE;
}

enum encryption interfaces_encryption(const struct interfaces *interfaces, uint32_t ifindex)
{
	const struct interface *interface = find(interfaces, ifindex);

	return interface ? interface->encryption : ENCRYPTION_UNKNOWN;
}

void interfaces_sweep(struct interfaces *interfaces)
{
	struct interface *interface;

	table_for_each (interface, &interfaces->table)
		if (interface->state == INTERFACE_GONE && interface->is_reported)
			table_remove(&interfaces->table, interface);
}

uint32_t interfaces_peer_netns(const struct interfaces *interfaces, uint32_t ifindex)
{
	const struct interface *interface = find(interfaces, ifindex);

	return interface ? interface->peer.inum : 0;
}
