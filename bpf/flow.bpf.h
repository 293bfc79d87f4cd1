/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * flow_count(packet, skb, is_ingress): adds one packet to its conversation on this interface.
 */
#pragma once

#define EEXIST 17

static __always_inline __u64 segments_of(const struct __sk_buff *skb, const struct packet *packet)
{
	__u32 segments = skb->gso_segs, size = skb->gso_size;

	/* A guest may leave the count to the host. */
	if (!segments && size)
		segments = (packet->payload_length + size - 1) / size;
	return segments ? segments : 1;
}

static __always_inline struct flow_counts *flow_open(void *map, const struct packet *packet)
{
	struct flow_counts fresh = {
		.first_ns = bpf_ktime_get_ns(),
		.initiator = packet->initiator,
		.rst_by = NOBODY,
		.ingress = { 2, 2 },
	};
	long err = bpf_map_update_elem(map, &packet->key, &fresh, BPF_NOEXIST);

	if (err && err != -EEXIST)
		return NULL;
	return bpf_map_lookup_elem(map, &packet->key);
}

static __always_inline void flow_count(const struct packet *packet, const struct __sk_buff *skb, bool is_ingress)
{
	struct flow_counts *counts;
	__u32 zero = 0;
	void *map = bpf_map_lookup_elem(&flows, &zero);

	if (!map)
		return;
	counts = bpf_map_lookup_elem(map, &packet->key);
	if (!counts)
		counts = flow_open(map, packet);
	if (!counts) {
		stat_add(STAT_FLOW_MAP_FULL, 1);
		return;
	}
	stat_add(STAT_PACKETS_SEEN, 1);

	__u32 sender = packet->sender & 1;

	__sync_fetch_and_add(&counts->packets[sender], segments_of(skb, packet));
	__sync_fetch_and_add(&counts->bytes[sender], skb->len);
	/* The atomic write is rarely needed: flags repeat. */
	if (packet->tcp_flags & ~counts->tcp_flags[sender])
		__sync_fetch_and_or(&counts->tcp_flags[sender], packet->tcp_flags);
	if (packet->tcp_flags & TCP_RST && counts->rst_by == NOBODY)
		counts->rst_by = sender;
	if (packet->key.protocol == IPPROTO_TCP && packet->initiator != INITIATOR_UNKNOWN)
		counts->initiator = packet->initiator;
	counts->ingress[sender] = is_ingress;
	counts->icmp_type[sender] = packet->icmp_type;
	counts->icmp_code[sender] = packet->icmp_code;
	counts->last_ns = bpf_ktime_get_ns();
}
