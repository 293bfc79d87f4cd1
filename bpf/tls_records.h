/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the programs at the TLS library tell the probe: shared by tls.bpf.h and probe/tls.c, never sent as it is.
 */
#pragma once

#include "wire.h"

/* Their types are no record_type. */
enum tls_record_type { TLS_CHUNK = 0x8001, TLS_BOUND = 0x8002, TLS_GONE = 0x8003 };

/* A process's SSL object: what the library calls a connection. */
struct tls_id {
	__u64 ssl;
	__u32 pid; /* thread group id */
	__u32 pad;
};

/* Plaintext that went in or came out; `captured` bytes follow the struct. */
struct tls_chunk {
	struct record_header header;
	struct tls_id id;
	__u64 mono_ns;
	__u32 sequence; /* bytes of that direction before it */
	__u32 payload_length;
	__u32 captured;
	__u32 is_read;
};

/* The socket that carries it, now that it is known; without a key when the object is freed. */
struct tls_bound {
	struct record_header header;
	struct tls_id id;
	struct flow_key key;
	__u32 local; /* 0: a is this socket, 1: b */
	__u32 pad;
};

/* What a thread is in the middle of, and did last. */
struct tls_thread {
	__u64 ssl; /* of the call it is in; 0 outside of one */
	__u64 buffer;
	__u64 count_at; /* where an _ex call leaves the count; 0 if it returns it */
	__u64 written_ssl;
	__u64 received; /* the socket it read from last, until an SSL object has taken that up */
	__u32 is_read;
	__u32 written; /* plaintext handed to written_ssl since the latest send */
	__u32 writes;
	__u32 pad;
};

struct tls_stream {
	__u64 socket; /* the one it is thought to run over */
	__u32 evidence;
	__u32 sequence[2]; /* written, read */
	__u32 credit[2];
	__u32 speaker;
};

_Static_assert(sizeof(struct tls_chunk) == 48, "map layout");
_Static_assert(sizeof(struct tls_bound) == 80, "map layout");
_Static_assert(sizeof(struct tls_thread) == 56, "map layout");
_Static_assert(sizeof(struct tls_stream) == 32, "map layout");
