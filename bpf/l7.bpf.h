/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * l7_copy(packet, skb): copies payload of connections worth reading into the ring buffer.
 *
 * The first interface that sees payload of a connection owns it. Of a TCP connection the first L7_PROBED_SEGMENTS
 * each way are copied, whatever they hold; once a segment starts like HTTP, or user space says so, all are. A body is
 * not copied whole: each message start grants its sender L7_MESSAGE_BYTES of credit. When that is spent only short
 * segments are copied, and those in whose first L7_SEARCH_BYTES a pipelined message begins, which grants credit anew.
 * DNS over UDP is always copied.
 *
 * User space may say that messages start where the other side has spoken, as databases have it: then each such turn
 * grants credit, for whole segments (L7_COPY_TURNS) or for their first L7_HEAD_BYTES (L7_COPY_HEADS), and what the
 * payload looks like does not matter.
 */
#pragma once

#define DNS_PORT 53

struct l7_search {
	__u8 bytes[L7_SEARCH_BYTES + 8];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct l7_search);
} l7_searches SEC(".maps");

static long l7_search_at(__u32 index, bool *found)
{
	__u32 zero = 0;
	struct l7_search *search = bpf_map_lookup_elem(&l7_searches, &zero);
	const __u8 *at;

	if (!search || index >= L7_SEARCH_BYTES)
		return 1;
	at = search->bytes + index;
	*found = at[0] == 'H' && at[1] == 'T' && at[2] == 'T' && at[3] == 'P' && at[4] == '/' && at[5] == '1';
	return *found;
}

/* Whether "HTTP/1" stands in the first L7_SEARCH_BYTES: in a request line, or at a response's start. */
static __always_inline bool holds_http(struct __sk_buff *skb, const struct packet *packet)
{
	struct l7_search *search;
	bool found = false;
	__u32 zero = 0;

	search = bpf_map_lookup_elem(&l7_searches, &zero);
	if (!search || packet->payload_length < L7_SEARCH_BYTES ||
	    bpf_skb_load_bytes(skb, packet->payload_offset, search->bytes, L7_SEARCH_BYTES))
		return false;
	bpf_loop(L7_SEARCH_BYTES - 8, l7_search_at, &found, 0);
	return found;
}

static __always_inline struct l7_state *l7_state_of(const struct flow_key *key, __u32 ifindex, bool is_dns)
{
	struct l7_state *state = bpf_map_lookup_elem(&l7_states, key);

	if (state)
		return state;

	struct l7_state fresh = {
		.owner_ifindex = ifindex,
		.copy = is_dns ? L7_COPY_ALL : L7_COPY_PROBING,
		.speaker = NOBODY,
	};

	/* Another CPU may have been first: its interface is the owner then. */
	bpf_map_update_elem(&l7_states, key, &fresh, BPF_NOEXIST);
	state = bpf_map_lookup_elem(&l7_states, key);
	if (!state)
		stat_add(STAT_L7_MAP_FULL, 1);
	return state;
}

/* How many bytes of this segment to copy where turns matter. */
static __always_inline __u32 l7_turn_budget(struct l7_state *state, __u32 sender, __u32 length)
{
	bool is_heads = state->copy == L7_COPY_HEADS;
	__u32 budget;

	if (state->speaker != sender) {
		state->speaker = sender;
		state->credit[sender] = is_heads ? L7_TURN_HEADS : L7_MESSAGE_BYTES;
	}
	/* The end of an answer, or a command: worth it even when a long one has used the credit up. */
	if (length <= L7_SMALL_BYTES)
		return length;
	budget = state->credit[sender];
	if (is_heads && budget > L7_HEAD_BYTES)
		budget = L7_HEAD_BYTES;
	if (budget > length)
		budget = length;
	state->credit[sender] -= budget;
	return budget;
}

/* The first 8 bytes of the payload: straight from the packet where they lie in its first piece of memory. */
static __always_inline bool l7_read_start(struct __sk_buff *skb, __u32 offset, __u8 start[8])
{
	void *data = (void *)(long)skb->data, *data_end = (void *)(long)skb->data_end;
	const __u8 *at = data + (offset & 0x7fff);

	if (offset > 0x7fff || (const void *)(at + 8) > data_end)
		return !bpf_skb_load_bytes(skb, offset, start, 8);
	__builtin_memcpy(start, at, 8);
	return true;
}

/* How many bytes of this segment to copy. */
static __always_inline __u32 l7_budget(struct __sk_buff *skb, const struct packet *packet, struct l7_state *state)
{
	__u32 sender = packet->sender & 1, length = packet->payload_length, budget;
	__u8 start[8] = {};

	if (packet->key.protocol == IPPROTO_UDP)
		return L7_CHUNK_BYTES;
	if (state->copy == L7_COPY_HEADS || state->copy == L7_COPY_TURNS)
		return l7_turn_budget(state, sender, length);
	if (length >= sizeof(start) && !l7_read_start(skb, packet->payload_offset, start))
		return 0;
	if (is_http_start(start)) {
		state->copy = L7_COPY_ALL;
		state->credit[sender] = L7_MESSAGE_BYTES;
	}
	if (state->copy == L7_COPY_PROBING) {
		if (state->segments[sender] >= L7_PROBED_SEGMENTS)
			return 0;
		state->segments[sender]++;
		return L7_CHUNK_BYTES;
	}
	if (length <= L7_SMALL_BYTES)
		return length;
	if (!state->credit[sender] && holds_http(skb, packet))
		state->credit[sender] = L7_MESSAGE_BYTES;
	budget = state->credit[sender];
	state->credit[sender] = budget > length ? budget - length : 0;
	return budget;
}

/* What a chunk's copying needs; bpf_loop() hands it to l7_emit_chunk(), so that the verifier sees the body once. */
struct l7_copying {
	struct __sk_buff *skb;
	const struct packet *packet;
	__u32 done;  /* payload bytes copied so far */
	__u32 total; /* to copy */
	__u32 copy_mode;
	__u32 pad;
};

/* What could not be copied; of a TCP payload also whether it was a request. */
static __always_inline void l7_count_lost(const struct l7_copying *copying)
{
	const struct packet *packet = copying->packet;
	__u8 start[8] = {};

	stat_add(STAT_RING_FULL, 1);
	if (!copying->done && packet->key.protocol == IPPROTO_TCP && packet->payload_length >= sizeof(start) &&
	    l7_read_start(copying->skb, packet->payload_offset, start) && is_http_request(start))
		stat_add(STAT_HTTP_REQUESTS_LOST, 1);
}

/* Reserves one of four sizes, so that a short segment does not take the room of a long one. */
static __always_inline void l7_emit(const struct l7_copying *copying, __u32 size, const __u32 room)
{
	struct l7_record *record = bpf_ringbuf_reserve(&events, sizeof(*record) + room, 0);
	const struct packet *packet = copying->packet;
	__u32 offset = packet->payload_offset + copying->done;

	if (!record) {
		l7_count_lost(copying);
		return;
	}
	/* Keeps clang from testing one copy of the value and using another, which the verifier cannot follow. */
	asm volatile("" : "+r"(size));
	if (size == 0 || size > room || bpf_skb_load_bytes(copying->skb, offset, record + 1, size)) {
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
		stat_add(STAT_L7_TRUNCATED, 1);
		return;
	}
	record->header.type = RECORD_L7;
	record->header.flags = 0;
	record->header.length = sizeof(*record) + size;
	record->key = packet->key;
	record->mono_ns = bpf_ktime_get_ns();
	record->sequence = packet->key.protocol == IPPROTO_TCP ? packet->sequence + copying->done : 0;
	record->payload_length = packet->payload_length - copying->done;
	record->captured = size;
	record->sender = packet->sender;
	record->tcp_flags = packet->tcp_flags;
	record->copy_mode = copying->copy_mode;
	record->pad = 0;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}

static long l7_emit_chunk(__u32 index, struct l7_copying *copying)
{
	__u32 size = copying->total - copying->done;

	if (size > L7_CHUNK_BYTES)
		size = L7_CHUNK_BYTES;
	if (size <= 128)
		l7_emit(copying, size, 128);
	else if (size <= 384)
		l7_emit(copying, size, 384);
	else if (size <= 1536)
		l7_emit(copying, size, 1536);
	else
		l7_emit(copying, size, L7_CHUNK_BYTES);
	copying->done += size;
	return copying->done >= copying->total;
}

static __always_inline void l7_emit_all(struct __sk_buff *skb, const struct packet *packet, __u32 budget,
					__u32 copy_mode)
{
	struct l7_copying copying = {
		.skb = skb, .packet = packet, .total = packet->payload_length, .copy_mode = copy_mode
	};

	if (copying.total > budget) {
		copying.total = budget;
		stat_add(STAT_L7_TRUNCATED, 1);
	}
	if (copying.total <= L7_CHUNK_BYTES)
		l7_emit_chunk(0, &copying);
	else
		bpf_loop(L7_CHUNKS, l7_emit_chunk, &copying, 0);
}

/* False if this interface copies nothing of the connection. A verdict, or the connection's end, may change that. */
static __always_inline bool l7_copy(const struct packet *packet, struct __sk_buff *skb)
{
	bool is_tcp = packet->key.protocol == IPPROTO_TCP;
	bool is_dns =
		packet->key.protocol == IPPROTO_UDP && (packet->from_port == DNS_PORT || packet->to_port == DNS_PORT);
	struct flow_key key = packet->key;
	struct l7_state *state;
	__u32 budget;

	if (!is_tcp && !is_dns)
		return false;
	key.ifindex = 0;
	/* The ports of an earlier connection are used again. */
	if (is_tcp && (packet->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		bpf_map_delete_elem(&l7_states, &key);
	if (!packet->payload_length)
		return true;
	state = l7_state_of(&key, skb->ifindex, is_dns);
	if (!state)
		return true;
	if (state->owner_ifindex != skb->ifindex || state->copy == L7_COPY_NONE)
		return false;
	budget = l7_budget(skb, packet, state);
	if (budget)
		l7_emit_all(skb, packet, budget, state->copy);
	return true;
}
