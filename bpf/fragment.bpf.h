/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * fragment_remember(packet, ifindex) and fragment_recall(packet, ifindex): only the first fragment of a packet has the
 * ports; the later ones find them here. One whose first was not seen, or came after it, is counted without ports.
 */
#pragma once

struct fragment_key {
	union address from;
	union address to;
	__u32 id;
	__u32 ifindex;
	__u8 protocol;
	__u8 pad[7];
};

struct fragment_ports {
	__u16 from_port;
	__u16 to_port;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct fragment_key);
	__type(value, struct fragment_ports);
} fragments SEC(".maps");

static __always_inline struct fragment_key fragment_key_of(const struct packet *packet, __u32 ifindex)
{
	struct fragment_key key = {
		.from = packet->from,
		.to = packet->to,
		.id = packet->fragment_id,
		.ifindex = ifindex,
		.protocol = packet->key.protocol,
	};

	return key;
}

static __always_inline void fragment_remember(const struct packet *packet, __u32 ifindex)
{
	struct fragment_ports ports = { packet->from_port, packet->to_port };
	struct fragment_key key = fragment_key_of(packet, ifindex);

	bpf_map_update_elem(&fragments, &key, &ports, BPF_ANY);
}

static __always_inline void fragment_recall(struct packet *packet, __u32 ifindex)
{
	struct fragment_key key = fragment_key_of(packet, ifindex);
	const struct fragment_ports *ports = bpf_map_lookup_elem(&fragments, &key);

	if (!ports)
		return;
	packet->from_port = ports->from_port;
	packet->to_port = ports->to_port;
}
