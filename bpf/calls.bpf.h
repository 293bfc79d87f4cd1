/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * call_ended(call, result): a connect(), sendto() or sendmsg() has returned. What failed before a packet was made is
 * counted. Of what went well only the connect() of a datagram socket is looked at, whose peer may be another than the
 * one asked for: a TCP socket tells that by its states.
 */
#pragma once

static __always_inline void call_ended(enum call call, long result)
{
	struct pt_regs *registers;
	struct task_struct *task;
	const struct sock *sk;
	struct peer peer;
	bool is_named;

	if (result < 0 ? !is_local_failure(-result) : call != CALL_CONNECT)
		return;
	task = bpf_get_current_task_btf();
	registers = (struct pt_regs *)bpf_task_pt_regs(task);
	sk = socket_of_fd(task, PT_REGS_PARM1_CORE_SYSCALL(registers));
	if (!sk)
		return;
	is_named = read_peer(&peer, user_peer(registers, call));
	if (result < 0)
		call_failed(sk, &peer, call, -result);
	else if (is_named && BPF_CORE_READ(sk, sk_protocol) == IPPROTO_UDP)
		translation_emit(sk, &peer.address, peer.port, IPPROTO_UDP);
}
