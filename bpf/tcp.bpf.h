/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * tcp_emit(sk, owner, old_state, new_state): what a TCP socket knows of its connection, said when it is established
 * and when it has closed. Never per packet: a connection costs two records at most on each side.
 */
#pragma once

#define EPERM	      1
#define EACCES	      13
#define EINVAL	      22
#define EMSGSIZE      90
#define EAFNOSUPPORT  97
#define EADDRNOTAVAIL 99
#define ENETDOWN      100
#define ENETUNREACH   101
#define ENOBUFS	      105
#define EHOSTUNREACH  113

#define O_NONBLOCK 04000 /* all machines this builds for */

/* Whether the change of state is one that is told. A connect() that failed before its SYN has nothing to tell. */
static __always_inline bool tcp_is_told(const struct sock *sk, int old_state, int new_state)
{
	if (new_state == TCP_ESTABLISHED)
		return true;
	if (new_state != TCP_CLOSE || old_state == TCP_CLOSE || old_state == TCP_LISTEN)
		return false;
	return old_state != TCP_SYN_SENT || BPF_CORE_READ((const struct tcp_sock *)sk, segs_out) != 0;
}

/* What the kernel says when it finds no way for a packet: all else is an answer, a wait, or a misuse of the call. */
static __always_inline bool is_local_failure(__u32 error)
{
	switch (error) {
	case EPERM:
	case EACCES:
	case EINVAL: /* a blackhole route */
	case EMSGSIZE:
	case EAFNOSUPPORT:
	case EADDRNOTAVAIL:
	case ENETDOWN:
	case ENETUNREACH:
	case ENOBUFS:
	case EHOSTUNREACH:
		return true;
	}
	return false;
}

/* Whether a connect() waits for the connection, and will return an error that could be one without a packet. */
static __always_inline bool tcp_is_waited_for(const struct sock *sk)
{
	struct socket *socket = BPF_CORE_READ(sk, sk_socket);

	return socket && is_local_failure(BPF_CORE_READ(sk, sk_err)) &&
	       !(BPF_CORE_READ(socket, file, f_flags) & O_NONBLOCK);
}

static __always_inline void tcp_fill(struct tcp_record *record, const struct sock *sk)
{
	const struct tcp_sock *tcp = (const struct tcp_sock *)sk;
	__u32 min_rtt = BPF_CORE_READ(tcp, rtt_min.s[0].v);

	/* The kernel keeps eight times the round-trip time, and all ones where it knows no least one. */
	record->srtt_us = BPF_CORE_READ(tcp, srtt_us) >> 3;
	record->min_rtt_us = min_rtt == ~0u ? 0 : min_rtt;
	record->retransmits = BPF_CORE_READ(tcp, total_retrans);
	record->error = BPF_CORE_READ(sk, sk_err);
	record->netns_inum = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	record->cgroup_id = BPF_CORE_READ(sk, sk_cgrp_data.cgroup, kn, id);
}

/* `owner` may be NULL: the state of an accepted connection changes without its task. */
static __always_inline void tcp_emit(const struct sock *sk, const struct connecting *owner, int old_state,
				     int new_state)
{
	struct tcp_record *record;
	struct socket_ends ends;

	if (!tcp_is_told(sk, old_state, new_state) || !socket_ends(&ends, sk) || !ends.local_port || !ends.remote_port)
		return;
	record = bpf_ringbuf_reserve(&events, sizeof(*record), 0);
	if (!record) {
		stat_add(STAT_RING_FULL, 1);
		return;
	}
	__builtin_memset(record, 0, sizeof(*record));
	record->header.type = RECORD_TCP;
	record->header.length = sizeof(*record);
	record->local = socket_key(&record->key, &ends, IPPROTO_TCP);
	record->mono_ns = bpf_ktime_get_ns();
	record->pid = owner ? owner->pid : 0;
	record->state = new_state;
	record->old_state = old_state;
	tcp_fill(record, sk);
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}
