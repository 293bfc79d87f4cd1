/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Who owns a socket: socket_describe() fills a socket_record from a kernel socket, without pid and unit.
 */
#pragma once

#define AF_INET	 2
#define AF_INET6 10

static __always_inline void map_ip4(__u8 *to, __be32 address)
{
	union address mapped = { .words = { 0, 0, bpf_htonl(0xffff), address } };

	__builtin_memcpy(to, &mapped, sizeof(mapped));
}

/* False unless it is a TCP or UDP socket over IP. */
static __always_inline bool socket_describe(struct socket_record *record, const struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family), protocol = BPF_CORE_READ(sk, sk_protocol);
	union address remote = {};
	__be32 peer;

	if ((family != AF_INET && family != AF_INET6) || (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP))
		return false;
	record->header.type = RECORD_SOCKET;
	record->header.length = sizeof(*record);
	record->protocol = protocol;
	record->family = family == AF_INET ? 4 : 6;
	record->local_port = bpf_ntohs(BPF_CORE_READ((const struct inet_sock *)sk, inet_sport));
	record->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	record->netns_inum = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	if (protocol == IPPROTO_TCP)
		record->state = BPF_CORE_READ(sk, __sk_common.skc_state);
	if (family == AF_INET) {
		map_ip4(record->local, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
		peer = BPF_CORE_READ(sk, __sk_common.skc_daddr);
		if (peer)
			map_ip4(record->remote, peer);
		return true;
	}
	BPF_CORE_READ_INTO(&record->local, sk, __sk_common.skc_v6_rcv_saddr);
	BPF_CORE_READ_INTO(&remote, sk, __sk_common.skc_v6_daddr);
	__builtin_memcpy(record->remote, &remote, sizeof(remote));
	/* An IPv6 socket that speaks IPv4: its packets are IPv4. */
	if (!remote.halves[0] && remote.words[2] == bpf_htonl(0xffff))
		record->family = 4;
	return true;
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
