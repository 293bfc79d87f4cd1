/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Every map of the programs, and how to reach the half that is being written.
 *
 * Flows, drops and failed calls are counted in one of two maps behind an array of maps. The probe swaps them: the kernel waits for
 * all running programs before the swap returns, so what it then reads from the old one can no longer change, and no
 * packet falls between reading and deleting.
 */
#pragma once

/*
 * Allocated as a whole when the probe starts, 29 MB each: a packet that opens a conversation then takes 0.6 times as
 * long (`run-programs bench`), and a flood of them keeps neither the allocator nor its interrupts busy.
 */
struct flow_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 131072);
	__type(key, struct flow_key);
	__type(value, struct flow_counts);
};

struct drop_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct drop_key);
	__type(value, struct drop_counts);
};

struct failure_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct failure_key);
	__type(value, struct failure_counts);
};

struct flow_map flows_even SEC(".maps"), flows_odd SEC(".maps");
struct drop_map drops_even SEC(".maps"), drops_odd SEC(".maps");
struct failure_map failures_even SEC(".maps"), failures_odd SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct flow_map);
} flows SEC(".maps") = { .values = { &flows_even } };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct drop_map);
} drops SEC(".maps") = { .values = { &drops_even } };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct failure_map);
} failures SEC(".maps") = { .values = { &failures_even } };

/* Least recently used goes first: a connection that never ends must not keep a new one from being read. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct flow_key);
	__type(value, struct l7_state);
} l7_states SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, struct connecting);
} connecting SEC(".maps");

/*
 * L7 and socket records on their way out. Nobody is woken per record; the probe drains it on a timer. It holds what
 * 35,000 requests of up to 384 bytes, and their answers, make of it in 500 ms, for the probe may be kept from running.
 */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, STAT_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, REASON_BITS);
	__type(key, __u32);
	__type(value, struct reason_counts);
} drop_reasons SEC(".maps");

static __always_inline void stat_add(__u32 stat, __u64 amount)
{
	__u64 *counter = bpf_map_lookup_elem(&stats, &stat);

	/* Atomic although per CPU: a tracepoint in process context is interrupted by one in softirq. */
	if (counter)
		__sync_fetch_and_add(counter, amount);
}
