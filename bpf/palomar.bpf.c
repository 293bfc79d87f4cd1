// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * The programs: what a packet on an interface adds to its flow, what payload is worth copying, what was dropped, and
 * who owns a socket. None of them alters, delays or refuses anything; a tc program always answers "go on".
 */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "http_start.h"
#include "maps.h"
#include "tls_records.h"

#include "maps.bpf.h"
#include "parse.bpf.h"
#include "fragment.bpf.h"
#include "tunnel.bpf.h"
#include "packet.bpf.h"
#include "flow.bpf.h"
#include "secured.bpf.h"
#include "l7.bpf.h"
#include "drop.bpf.h"
#include "socket.bpf.h"
#include "tcp.bpf.h"
#include "connect.bpf.h"
#include "translate.bpf.h"
#include "calls.bpf.h"
#include "tls.bpf.h"

/* TCX_NEXT, and TC_ACT_UNSPEC of a classic filter: the next program decides. */
#define GO_ON (-1)

static __always_inline int watch(struct __sk_buff *skb, bool is_ingress, bool is_ethernet)
{
	struct flow_counts *counts;
	struct packet packet = {};

	if (packet_read(skb, &packet, is_ethernet)) {
		stat_add(STAT_PACKETS_UNPARSED, 1);
		return GO_ON;
	}
	packet.key.ifindex = skb->ifindex;
	packet.is_secured = is_secured(skb);
	if (flow_count(&packet, skb, skb->len, is_ingress, &counts))
		stat_add(STAT_PACKETS_SEEN, 1);
	if (!packet.carries && !(counts && counts->is_not_copied) && !l7_copy(&packet, skb) && counts)
		counts->is_not_copied = true;
	if (packet.is_icmp_error)
		flow_count_quoted(skb, &packet);
	else if (packet.inner)
		flow_count_inner(skb, &packet, is_ingress);
	return GO_ON;
}

SEC("tc")
int watch_ingress(struct __sk_buff *skb)
{
	return watch(skb, true, true);
}

SEC("tc")
int watch_egress(struct __sk_buff *skb)
{
	return watch(skb, false, true);
}

/* For devices without a link header: tun, WireGuard, IP tunnels. */
SEC("tc")
int watch_ingress_l3(struct __sk_buff *skb)
{
	return watch(skb, true, false);
}

SEC("tc")
int watch_egress_l3(struct __sk_buff *skb)
{
	return watch(skb, false, false);
}

/* Kernels before 6.11 do not say which socket was to receive the packet. The probe loads one of the two. */
SEC("tp_btf/kfree_skb")
int BPF_PROG(watch_drops, struct sk_buff *skb, void *location, enum skb_drop_reason reason)
{
	drop_count(skb, (__u64)location, reason, NULL);
	return 0;
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(watch_drops_rx_sk, struct sk_buff *skb, void *location, enum skb_drop_reason reason, struct sock *rx_sk)
{
	drop_count(skb, (__u64)location, reason, rx_sk);
	return 0;
}

/* connect() moves to SYN_SENT before the port is chosen, and later states come without the task: remember it. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(watch_sockets, const struct sock *sk, const int old_state, const int new_state)
{
	__u64 id = (__u64)sk;
	struct connecting *owner, current = {};

	if (BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP)
		return 0;
	if (new_state == TCP_SYN_SENT || new_state == TCP_LISTEN)
		current_task(&current);
	if (new_state == TCP_SYN_SENT)
		remember_asked(&current);
	if (new_state == TCP_SYN_SENT)
		bpf_map_update_elem(&connecting, &id, &current, BPF_ANY);
	if (new_state == TCP_LISTEN)
		socket_emit(sk, &current);
	owner = old_state == TCP_SYN_SENT ? bpf_map_lookup_elem(&connecting, &id) : NULL;
	tcp_emit(sk, owner, old_state, new_state);
	if (!owner)
		return 0;
	socket_emit(sk, owner);
	translation_tell(sk, owner);
	/* The call that waits for this will return the same error: it must not be told twice. */
	if (new_state == TCP_CLOSE && tcp_is_told(sk, old_state, new_state) && tcp_is_waited_for(sk))
		owner->has_failed = true;
	else
		bpf_map_delete_elem(&connecting, &id);
	return 0;
}

SEC("tracepoint")
int watch_connect(struct trace_event_raw_sys_exit *ctx)
{
	call_ended(CALL_CONNECT, ctx->ret);
	return 0;
}

SEC("tracepoint")
int watch_sendto(struct trace_event_raw_sys_exit *ctx)
{
	call_ended(CALL_SENDTO, ctx->ret);
	return 0;
}

/* For sendmmsg() too, whose first message is the one that fails. */
SEC("tracepoint")
int watch_sendmsg(struct trace_event_raw_sys_exit *ctx)
{
	call_ended(CALL_SENDMSG, ctx->ret);
	return 0;
}

SEC("uprobe")
int BPF_KPROBE(watch_tls_write, void *ssl, void *buffer)
{
	tls_call_begins((__u64)ssl, (__u64)buffer, 0, false);
	return 0;
}

SEC("uprobe")
int BPF_KPROBE(watch_tls_read, void *ssl, void *buffer)
{
	tls_call_begins((__u64)ssl, (__u64)buffer, 0, true);
	return 0;
}

SEC("uprobe")
int BPF_KPROBE(watch_tls_write_ex, void *ssl, void *buffer, long length, void *count)
{
	tls_call_begins((__u64)ssl, (__u64)buffer, (__u64)count, false);
	return 0;
}

SEC("uprobe")
int BPF_KPROBE(watch_tls_read_ex, void *ssl, void *buffer, long length, void *count)
{
	tls_call_begins((__u64)ssl, (__u64)buffer, (__u64)count, true);
	return 0;
}

SEC("uretprobe")
int BPF_KRETPROBE(watch_tls_end, int result)
{
	tls_call_ends(result);
	return 0;
}

SEC("uprobe")
int BPF_KPROBE(watch_tls_free, void *ssl)
{
	tls_freed((__u64)ssl);
	return 0;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(watch_tls_sent, struct sock *sk, int length, int flags)
{
	tls_socket_sent(sk, length);
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(watch_tls_received, struct sock *sk, int length, int flags)
{
	tls_socket_received(sk, length);
	return 0;
}

SEC("iter/task_file")
int list_sockets(struct bpf_iter__task_file *ctx)
{
	struct socket_record record = {};
	struct socket_sighting seen = {};
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct socket *socket;
	struct sock *sk;

	if (!task || !file)
		return 0;
	socket = bpf_sock_from_file(file);
	if (!socket)
		return 0;
	sk = BPF_CORE_READ(socket, sk);
	if (!sk || !socket_describe(&record, sk))
		return 0;
	record.pid = BPF_CORE_READ(task, tgid);
	record.cgroup_id = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	BPF_CORE_READ_STR_INTO(&record.comm, task, group_leader, comm);
	__builtin_memcpy(seen.record, &record, sizeof(seen.record));
	if (record.protocol == IPPROTO_TCP) {
		/* The kernel keeps eight times the round-trip time. */
		seen.srtt_us = BPF_CORE_READ((struct tcp_sock *)sk, srtt_us) >> 3;
		seen.retransmits = BPF_CORE_READ((struct tcp_sock *)sk, total_retrans);
	}
	bpf_seq_write(ctx->meta->seq, &seen, sizeof(seen));
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
