/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Plaintext of programs that use OpenSSL's interface: what SSL_write() takes and SSL_read() gives, and which socket it
 * goes over. No field of the library's structs is read, so that its version does not matter. Evidence for the socket:
 *
 *   - A send or receive inside of the call: the object has a socket of its own (curl, nginx, Python). That is proof.
 *   - A send right after SSL_write() by the same thread, longer by what TLS adds, and an SSL_read() right after a
 *     receive: the program moves the ciphertext itself, as Node does. Twice the same socket is taken as proof.
 *
 * Once proven it stays until the object is freed. Plaintext from before that is kept by user space.
 */
#pragma once

#define TLS_PROOF	  2
#define TLS_RECORD_BYTES  16384
#define TLS_OVERHEAD_LOW  17 /* header and tag */
#define TLS_OVERHEAD_HIGH 64 /* and padding, initialisation vector, content type */

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct tls_thread);
} tls_threads SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct tls_id);
	__type(value, struct tls_stream);
} tls_streams SEC(".maps");

static __always_inline struct tls_id tls_id_of(__u64 ssl)
{
	struct tls_id id = { .ssl = ssl, .pid = bpf_get_current_pid_tgid() >> 32 };

	return id;
}

static __always_inline struct tls_thread *tls_this_thread(void)
{
	__u64 thread = bpf_get_current_pid_tgid();

	return bpf_map_lookup_elem(&tls_threads, &thread);
}

static __always_inline struct tls_stream *tls_stream_of(const struct tls_id *id)
{
	struct tls_stream *stream = bpf_map_lookup_elem(&tls_streams, id), fresh = { .speaker = NOBODY };

	if (stream)
		return stream;
	bpf_map_update_elem(&tls_streams, id, &fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&tls_streams, id);
}

static __always_inline void tls_tell(const struct tls_id *id, __u16 type, const struct socket_ends *ends)
{
	struct tls_bound *record = bpf_ringbuf_reserve(&events, sizeof(*record), 0);

	if (!record) {
		stat_add(STAT_RING_FULL, 1);
		return;
	}
	__builtin_memset(record, 0, sizeof(*record));
	record->header.type = type;
	record->header.length = sizeof(*record);
	record->id = *id;
	if (ends)
		record->local = socket_key(&record->key, ends, IPPROTO_TCP);
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}

/* The socket was seen to carry what the object does. */
static __always_inline void tls_saw(__u64 ssl, const struct sock *sk, __u32 weight)
{
	struct tls_id id = tls_id_of(ssl);
	struct tls_stream *stream = tls_stream_of(&id);
	struct socket_ends ends;

	if (!stream || stream->evidence >= TLS_PROOF || BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP ||
	    !socket_ends(&ends, sk) || !ends.local_port || !ends.remote_port)
		return;
	if (stream->socket != (__u64)sk) {
		stream->socket = (__u64)sk;
		stream->evidence = 0;
	}
	stream->evidence += weight;
	if (stream->evidence >= TLS_PROOF)
		tls_tell(&id, TLS_BOUND, &ends);
}

static __always_inline void tls_call_begins(__u64 ssl, __u64 buffer, __u64 count_at, bool is_read)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct tls_thread *thread = bpf_map_lookup_elem(&tls_threads, &id), fresh = {};

	if (!thread) {
		bpf_map_update_elem(&tls_threads, &id, &fresh, BPF_NOEXIST);
		thread = bpf_map_lookup_elem(&tls_threads, &id);
	}
	if (!thread) {
		stat_add(STAT_TLS_LOST, 1);
		return;
	}
	thread->ssl = ssl;
	thread->buffer = buffer;
	thread->count_at = count_at;
	thread->is_read = is_read;
	if (!is_read || !thread->received)
		return;
	tls_saw(ssl, (const struct sock *)thread->received, 1);
	thread->received = 0;
}

/* How many bytes of a call to copy: the first 64 KiB of a turn, and of whatever starts like an HTTP message. */
static __always_inline __u32 tls_budget(struct tls_stream *stream, __u32 way, const void *buffer, __u32 length)
{
	__u8 start[8] = {};
	__u32 budget;

	bpf_probe_read_user(start, sizeof(start), buffer);
	if (stream->speaker != way || is_http_start(start)) {
		stream->speaker = way;
		stream->credit[way] = L7_MESSAGE_BYTES;
	}
	if (length <= L7_SMALL_BYTES)
		return length;
	budget = stream->credit[way];
	if (budget > length)
		budget = length;
	stream->credit[way] -= budget;
	return budget;
}

struct tls_copying {
	struct tls_id id;
	const __u8 *buffer;
	__u32 sequence;
	__u32 length; /* of the call's plaintext */
	__u32 done;
	__u32 total; /* to copy */
	__u32 is_read;
	__u32 pad;
};

static __always_inline void tls_emit(const struct tls_copying *copying, __u32 size, const __u32 room)
{
	struct tls_chunk *record = bpf_ringbuf_reserve(&events, sizeof(*record) + room, 0);

	if (!record) {
		stat_add(STAT_RING_FULL, 1);
		return;
	}
	/* As in l7_emit(). */
	asm volatile("" : "+r"(size));
	if (size == 0 || size > room || bpf_probe_read_user(record + 1, size, copying->buffer + copying->done)) {
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
		stat_add(STAT_TLS_LOST, 1);
		return;
	}
	record->header.type = TLS_CHUNK;
	record->header.flags = 0;
	record->header.length = sizeof(*record) + size;
	record->id = copying->id;
	record->mono_ns = bpf_ktime_get_ns();
	record->sequence = copying->sequence + copying->done;
	record->payload_length = copying->length - copying->done;
	record->captured = size;
	record->is_read = copying->is_read;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}

static long tls_emit_chunk(__u32 index, struct tls_copying *copying)
{
	__u32 size = copying->total - copying->done;

	if (size > L7_CHUNK_BYTES)
		size = L7_CHUNK_BYTES;
	if (size <= 512)
		tls_emit(copying, size, 512);
	else
		tls_emit(copying, size, L7_CHUNK_BYTES);
	copying->done += size;
	return copying->done >= copying->total;
}

static __always_inline void tls_copy(const struct tls_thread *thread, __u32 length)
{
	struct tls_copying copying = { .id = tls_id_of(thread->ssl), .buffer = (const __u8 *)thread->buffer };
	struct tls_stream *stream = tls_stream_of(&copying.id);
	__u32 way = thread->is_read & 1;

	if (!stream) {
		stat_add(STAT_TLS_LOST, 1);
		return;
	}
	copying.is_read = way;
	copying.sequence = stream->sequence[way];
	copying.length = length;
	copying.total = tls_budget(stream, way, copying.buffer, length);
	if (copying.total < length)
		stat_add(STAT_L7_TRUNCATED, 1);
	stream->sequence[way] += length;
	if (copying.total)
		bpf_loop(L7_CHUNKS, tls_emit_chunk, &copying, 0);
}

static __always_inline void tls_remember_written(struct tls_thread *thread, __u32 count)
{
	bool is_same = thread->written_ssl == thread->ssl;

	thread->written = (is_same ? thread->written : 0) + count;
	thread->writes = (is_same ? thread->writes : 0) + 1;
	thread->written_ssl = thread->ssl;
}

static __always_inline void tls_call_ends(int result)
{
	struct tls_thread *thread = tls_this_thread();
	__u64 count = result;

	if (!thread || !thread->ssl)
		return;
	if (result > 0 && thread->count_at)
		bpf_probe_read_user(&count, sizeof(count), (const void *)thread->count_at);
	if (result > 0 && count && count <= 0x7fffffff) {
		tls_copy(thread, count);
		if (!thread->is_read)
			tls_remember_written(thread, count);
	}
	thread->ssl = 0;
}

static __always_inline void tls_socket_sent(const struct sock *sk, int sent)
{
	struct tls_thread *thread = tls_this_thread();
	__u32 low, high;

	if (!thread || sent <= 0)
		return;
	if (thread->ssl) {
		tls_saw(thread->ssl, sk, TLS_PROOF);
		return;
	}
	if (!thread->written_ssl)
		return;
	low = thread->written + TLS_OVERHEAD_LOW * thread->writes;
	high = thread->written + TLS_OVERHEAD_HIGH * (thread->writes + thread->written / TLS_RECORD_BYTES);
	if ((__u32)sent >= low && (__u32)sent <= high)
		tls_saw(thread->written_ssl, sk, 1);
	thread->written_ssl = 0;
}

static __always_inline void tls_socket_received(const struct sock *sk, int received)
{
	struct tls_thread *thread = tls_this_thread();

	if (!thread || received <= 0)
		return;
	if (thread->ssl)
		tls_saw(thread->ssl, sk, TLS_PROOF);
	else
		thread->received = (__u64)sk;
}

static __always_inline void tls_freed(__u64 ssl)
{
	struct tls_id id = tls_id_of(ssl);

	if (!bpf_map_delete_elem(&tls_streams, &id))
		tls_tell(&id, TLS_GONE, NULL);
}
