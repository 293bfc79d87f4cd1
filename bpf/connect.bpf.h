/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * call_failed(sk, peer, call, error): adds up calls that failed before a packet was made, per process, peer and errno.
 * Also what is needed to look at a call that has ended: its socket, and the peer that it named.
 *
 * Arguments are read from the registers the task entered with: a hook at the entry would cost every call.
 */
#pragma once

enum call { CALL_CONNECT, CALL_SENDTO, CALL_SENDMSG };

#define IPPROTO_MPTCP_SOCKET 262

struct peer {
	union address address;
	__u16 port;
	__u8 family; /* 4, 6, or 0 if it is neither */
};

/* The socket behind a file of the current task; NULL if the file is none. */
static __always_inline const struct sock *socket_of_fd(const struct task_struct *task, __u32 fd)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct socket *socket;
	struct file **slots, *file = NULL;

	if (!table || fd >= BPF_CORE_READ(table, max_fds))
		return NULL;
	slots = BPF_CORE_READ(table, fd);
	if (bpf_probe_read_kernel(&file, sizeof(file), slots + fd) || !file)
		return NULL;
	socket = BPF_CORE_READ(file, private_data);
	/* Other files keep other things there. */
	if (!socket || BPF_CORE_READ(socket, file) != file)
		return NULL;
	return BPF_CORE_READ(socket, sk);
}

/* The address that the caller named; false if it named none over IP. */
static __always_inline bool read_peer(struct peer *peer, const void *user)
{
	struct sockaddr_in6 name = {};

	__builtin_memset(peer, 0, sizeof(*peer));
	if (!user || bpf_probe_read_user(&name, sizeof(struct sockaddr_in), user))
		return false;
	peer->port = bpf_ntohs(name.sin6_port);
	if (name.sin6_family == AF_INET) {
		peer->family = 4;
		map_ip4(peer->address.bytes, ((struct sockaddr_in *)&name)->sin_addr.s_addr);
		return true;
	}
	if (name.sin6_family != AF_INET6 || bpf_probe_read_user(&name, sizeof(name), user))
		return false;
	__builtin_memcpy(&peer->address, &name.sin6_addr, sizeof(peer->address));
	peer->family = !peer->address.halves[0] && peer->address.words[2] == bpf_htonl(0xffff) ? 4 : 6;
	return true;
}

static __always_inline const void *user_peer(struct pt_regs *regs, enum call call)
{
	const void *name = NULL;

	if (call == CALL_CONNECT)
		return (const void *)PT_REGS_PARM2_CORE_SYSCALL(regs);
	if (call == CALL_SENDTO)
		return (const void *)PT_REGS_PARM5_CORE_SYSCALL(regs);
	/* struct msghdr starts with the pointer. */
	bpf_probe_read_user(&name, sizeof(name), (const void *)PT_REGS_PARM2_CORE_SYSCALL(regs));
	return name;
}

/* A connection whose packets went out and were answered badly is told of by its socket. */
static __always_inline bool was_sent(const struct sock *sk)
{
	__u64 id = (__u64)sk;
	struct connecting *owner = bpf_map_lookup_elem(&connecting, &id);
	bool has_failed = owner && owner->has_failed;

	if (has_failed)
		bpf_map_delete_elem(&connecting, &id);
	return has_failed;
}

static __always_inline struct failure_counts *failure_open(void *map, const struct failure_key *key,
							   const struct socket_ends *ends)
{
	struct failure_counts fresh = {
		.cgroup_id = bpf_get_current_cgroup_id(),
		.local_port = ends->local_port,
	};
	long err;

	__builtin_memcpy(fresh.local, &ends->local, sizeof(fresh.local));
	bpf_get_current_comm(fresh.comm, sizeof(fresh.comm));
	err = bpf_map_update_elem(map, key, &fresh, BPF_NOEXIST);
	if (err && err != -EEXIST)
		return NULL;
	return bpf_map_lookup_elem(map, key);
}

static __always_inline void failure_count(const struct failure_key *key, const struct socket_ends *ends)
{
	__u32 zero = 0;
	void *map = bpf_map_lookup_elem(&failures, &zero);
	struct failure_counts *counts;

	if (!map)
		return;
	counts = bpf_map_lookup_elem(map, key);
	if (!counts)
		counts = failure_open(map, key, ends);
	if (!counts) {
		stat_add(STAT_CONNECT_MAP_FULL, 1);
		return;
	}
	__sync_fetch_and_add(&counts->count, 1);
	counts->last_ns = bpf_ktime_get_ns();
}

static __always_inline void call_failed(const struct sock *sk, const struct peer *peer, enum call call, __u32 error)
{
	__u16 protocol = BPF_CORE_READ(sk, sk_protocol);
	struct failure_key key = { .error = error, .remote_port = peer->port };
	struct socket_ends ends;

	if (protocol == IPPROTO_MPTCP_SOCKET)
		protocol = IPPROTO_TCP;
	/* Sending on a TCP connection fails for what became of its packets. */
	if (!socket_ends(&ends, sk) || (protocol == IPPROTO_TCP && (call != CALL_CONNECT || was_sent(sk))))
		return;
	key.family = peer->family ? peer->family : ends.family;
	__builtin_memcpy(key.remote, peer->family ? &peer->address : &ends.remote, sizeof(key.remote));
	if (!peer->family)
		key.remote_port = ends.remote_port;
	key.protocol = protocol;
	key.pid = bpf_get_current_pid_tgid() >> 32;
	key.netns_inum = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	failure_count(&key, &ends);
}
