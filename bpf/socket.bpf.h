/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What a kernel socket is: socket_ends() reads its two ends, socket_describe() fills a socket_record without pid and
 * unit, and socket_key() is the key of its conversation.
 */
#pragma once

#define AF_INET	 2
#define AF_INET6 10

static __always_inline void map_ip4(__u8 *to, __be32 address)
{
	union address mapped = { .words = { 0, 0, bpf_htonl(0xffff), address } };

	__builtin_memcpy(to, &mapped, sizeof(mapped));
}

struct socket_ends {
	union address local;
	union address remote; /* all zero when not connected */
	__u16 local_port;
	__u16 remote_port;
	__u8 family; /* of its packets: 4 or 6 */
};

/* False unless it is a socket over IP. */
static __always_inline bool socket_ends(struct socket_ends *ends, const struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	__be32 peer;

	if (family != AF_INET && family != AF_INET6)
		return false;
	__builtin_memset(ends, 0, sizeof(*ends));
	ends->local_port = bpf_ntohs(BPF_CORE_READ((const struct inet_sock *)sk, inet_sport));
	ends->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (family == AF_INET) {
		ends->family = 4;
		map_ip4(ends->local.bytes, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
		peer = BPF_CORE_READ(sk, __sk_common.skc_daddr);
		if (peer)
			map_ip4(ends->remote.bytes, peer);
		return true;
	}
	BPF_CORE_READ_INTO(&ends->local, sk, __sk_common.skc_v6_rcv_saddr);
	BPF_CORE_READ_INTO(&ends->remote, sk, __sk_common.skc_v6_daddr);
	/* An IPv6 socket that speaks IPv4: its packets are IPv4. */
	ends->family = !ends->remote.halves[0] && ends->remote.words[2] == bpf_htonl(0xffff) ? 4 : 6;
	return true;
}

/* False unless it is a TCP or UDP socket over IP. */
static __always_inline bool socket_describe(struct socket_record *record, const struct sock *sk)
{
	__u16 protocol = BPF_CORE_READ(sk, sk_protocol);
	struct socket_ends ends;

	if ((protocol != IPPROTO_TCP && protocol != IPPROTO_UDP) || !socket_ends(&ends, sk))
		return false;
	record->header.type = RECORD_SOCKET;
	record->header.length = sizeof(*record);
	record->protocol = protocol;
	record->family = ends.family;
	record->local_port = ends.local_port;
	record->remote_port = ends.remote_port;
	record->netns_inum = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	if (protocol == IPPROTO_TCP)
		record->state = BPF_CORE_READ(sk, __sk_common.skc_state);
	__builtin_memcpy(record->local, &ends.local, sizeof(record->local));
	__builtin_memcpy(record->remote, &ends.remote, sizeof(record->remote));
	return true;
}

/* The conversation of a connected socket, without an interface. Answers which of its ends the socket is: 0 a, 1 b. */
static __always_inline __u8 socket_key(struct flow_key *key, const struct socket_ends *ends, __u8 protocol)
{
	struct packet packet = {};

	packet.key.protocol = protocol;
	packet.key.family = ends->family;
	packet.from = ends->local;
	packet.to = ends->remote;
	packet.from_port = ends->local_port;
	packet.to_port = ends->remote_port;
	order_ends(&packet);
	*key = packet.key;
	return packet.sender;
}

/* Sends a record of a socket whose owner is known; its unit is found in user space. */
static __always_inline void socket_emit(const struct sock *sk, const struct connecting *owner)
{
	struct socket_record *record = bpf_ringbuf_reserve(&events, sizeof(*record), 0);

	if (!record) {
		stat_add(STAT_RING_FULL, 1);
		return;
	}
	__builtin_memset(record, 0, sizeof(*record));
	if (!socket_describe(record, sk)) {
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
		return;
	}
	record->pid = owner->pid;
	record->cgroup_id = owner->cgroup_id;
	__builtin_memcpy(record->comm, owner->comm, sizeof(record->comm));
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}

static __always_inline void current_task(struct connecting *owner)
{
	owner->pid = bpf_get_current_pid_tgid() >> 32;
	owner->cgroup_id = bpf_get_current_cgroup_id();
	bpf_get_current_comm(owner->comm, sizeof(owner->comm));
}
