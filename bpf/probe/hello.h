/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The HELLO frame's payload: what this probe and its kernel are. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct kernel;
struct kernel_names;

struct hello_facts {
	uint64_t boot_id;
	uint32_t scan_interval_ms;
	uint32_t netns_inum;
};

/* An allocated payload of *length bytes; NULL when out of memory. */
void *hello_build(const struct hello_facts *facts, const struct kernel *kernel, const struct kernel_names *names,
		  size_t *length);
