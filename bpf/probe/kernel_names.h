/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What the running kernel calls things: drop reasons and tracepoint arguments from its BTF, addresses from kallsyms. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REASONS_MAX	512
#define REASON_NAME_MAX 64

struct kernel_symbol {
	uint64_t address;
	uint32_t name; /* offset in `text` */
};

struct kernel_names {
	char reasons[REASONS_MAX][REASON_NAME_MAX]; /* empty: no such number */
	bool kfree_skb_has_receiver;		    /* the tracepoint's rx_sk argument, since 6.11 */
	struct kernel_symbol *symbols;		    /* by address */
	size_t symbol_count;
	char *text;
};

/* -1 if the kernel has no BTF. Symbols may be missing: then symbol_count is 0. */
int kernel_names_load(struct kernel_names *names);
void kernel_names_free(struct kernel_names *names);
const char *kernel_reason(const struct kernel_names *names, uint32_t reason);
/* The function that holds the address; "" if unknown. */
const char *kernel_symbol(const struct kernel_names *names, uint64_t address);
