/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The loaded programs and their maps. Closing it, in whatever way the process ends, detaches everything. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "maps.h"
#include "probe/kernel_names.h"
#include "probe/options.h"

#define MISSING_BYTES 2048

struct palomar_bpf;

/* A pair of maps behind an array of maps: one is written while the other is read. */
struct map_pair {
	int outer_fd;
	int fds[2];
	int written;
};

struct kernel {
	struct palomar_bpf *programs;
	struct map_pair flows, drops, failures;
	__u32 *flows_are_full, *drops_are_full; /* in the programs' memory */
	int events_fd, l7_states_fd;
	int task_file_fd;	     /* the iterator's link; -1 without it */
	char missing[MISSING_BYTES]; /* "missing=...\n" lines for HELLO */
};

/* Checks privileges and features; prints one line per missing thing on stderr. False if it cannot run. */
bool kernel_can_run(void);
/* 0, or a negative errno. */
int kernel_open(struct kernel *kernel, const struct kernel_names *names, const struct options *options);
void kernel_close(struct kernel *kernel);
/* Lets the programs write the other map and waits until none writes the old one: its fd, or a negative errno. */
int map_pair_swap(struct map_pair *pair);
/* Nothing was written since the last swap: swapping would wait for nothing. A negative errno if that cannot be told. */
int map_pair_is_empty(const struct map_pair *pair);
/* Takes every entry out of a map that no program writes any more, and tells of each. 0, or a negative errno. */
int map_drain(int fd, size_t key_size, size_t value_size,
	      void (*tell)(void *context, const void *key, const void *value), void *context);
/* Attaches both directions to an interface; the links' fds go to `fds`. 0, or a negative errno. */
int kernel_attach(const struct kernel *kernel, uint32_t ifindex, bool has_link_header, int fds[2]);
/* Whether other users' processes, and so their namespaces, can be looked at: 0, or a negative errno. */
int kernel_try_namespaces(void);
void kernel_read_stats(const struct kernel *kernel, uint64_t stats[STAT_COUNT]);
/* Of all CPUs; zeroes for a reason that cannot be read. */
void kernel_read_reason(const struct kernel *kernel, uint32_t reason, struct reason_counts *counts);
__attribute__((format(printf, 2, 3))) void kernel_add_missing(struct kernel *kernel, const char *format, ...);
