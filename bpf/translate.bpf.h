/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A caller names one address and its socket goes to another: a program on the control group's connect hook has put a
 * backend in the place of a service, as Cilium's socket load balancer does. translation_emit() tells it where the two
 * differ. What conntrack translates is told by user space.
 */
#pragma once

/* struct pt_regs of other machines keeps the number elsewhere: nothing is told there. */
#if defined(__TARGET_ARCH_x86)
#define NUMBER_OF_CONNECT	  42
#define NUMBER_OF_CALL(registers) BPF_CORE_READ(registers, orig_ax)
#elif defined(__TARGET_ARCH_arm64)
#define NUMBER_OF_CONNECT	  203
#define NUMBER_OF_CALL(registers) BPF_CORE_READ(registers, syscallno)
#endif

/* What the current task asked connect() for; called while the socket takes it up. */
static __always_inline void remember_asked(struct connecting *owner)
{
#ifdef NUMBER_OF_CONNECT
	struct pt_regs *registers = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	struct peer peer;

	if (NUMBER_OF_CALL(registers) != NUMBER_OF_CONNECT || !read_peer(&peer, user_peer(registers, CALL_CONNECT)))
		return;
	__builtin_memcpy(owner->asked, &peer.address, sizeof(owner->asked));
	owner->asked_port = peer.port;
	owner->has_asked = true;
#endif
}

/* "Any address" means this machine, and is no service. */
static __always_inline bool is_any(const union address *address)
{
	return !address->words[3] && !address->words[0] && !address->words[1] &&
	       (!address->words[2] || address->words[2] == bpf_htonl(0xffff));
}

static __always_inline bool is_translated(const union address *asked, __u16 port, const struct socket_ends *ends)
{
	return !is_any(asked) && (asked->halves[0] != ends->remote.halves[0] ||
				  asked->halves[1] != ends->remote.halves[1] || port != ends->remote_port);
}

static __always_inline void translation_emit(const struct sock *sk, const union address *asked, __u16 port,
					     __u8 protocol)
{
	struct translation_record *record;
	struct socket_ends ends;

	if (!socket_ends(&ends, sk) || !ends.local_port || !ends.remote_port || !is_translated(asked, port, &ends))
		return;
	record = bpf_ringbuf_reserve(&events, sizeof(*record), 0);
	if (!record) {
		stat_add(STAT_RING_FULL, 1);
		return;
	}
	__builtin_memset(record, 0, sizeof(*record));
	record->header.type = RECORD_TRANSLATION;
	record->header.length = sizeof(*record);
	__builtin_memcpy(record->client, &ends.local, sizeof(record->client));
	__builtin_memcpy(record->seen_as, &ends.local, sizeof(record->seen_as));
	__builtin_memcpy(record->service, asked, sizeof(record->service));
	__builtin_memcpy(record->backend, &ends.remote, sizeof(record->backend));
	record->client_port = record->seen_as_port = ends.local_port;
	record->service_port = port;
	record->backend_port = ends.remote_port;
	record->protocol = protocol;
	record->family = ends.family;
	record->netns_inum = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	record->by = TRANSLATED_BY_CONNECT;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}

/* Of a connection that has just got its port. */
static __always_inline void translation_tell(const struct sock *sk, const struct connecting *owner)
{
	union address asked;

	if (!owner->has_asked)
		return;
	__builtin_memcpy(&asked, owner->asked, sizeof(asked));
	translation_emit(sk, &asked, owner->asked_port, IPPROTO_TCP);
}
