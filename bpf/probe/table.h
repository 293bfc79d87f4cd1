/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A hash table of fixed-size keys that grows. An entry is the caller's struct: a table_node, then the key, then
 * whatever it likes; it comes zeroed but for the key. The entry at hand may be removed while walking.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct table_node {
	struct table_node *next;
	uint64_t hash;
};

struct table {
	struct table_node **buckets;
	size_t bucket_count;
	size_t count;
	size_t key_size; /* a multiple of 8 */
	size_t entry_size;
};

void table_init(struct table *table, size_t key_size, size_t entry_size);
void table_free(struct table *table);
void *table_find(const struct table *table, const void *key);
/* NULL when out of memory. The key must not be there yet. */
void *table_add(struct table *table, const void *key);
void table_remove(struct table *table, void *entry);

void *table_first(const struct table *table, size_t *bucket);
void *table_next(const struct table *table, const struct table_node *at, size_t *bucket);

#define table_for_each(entry, table)                                                                                   \
	for (size_t bucket_##entry = 0, once_##entry = 1; once_##entry; once_##entry = 0)                              \
		for (void *next_##entry, *at_##entry = table_first(table, &bucket_##entry);                            \
		     at_##entry &&                                                                                     \
		     ((entry) = at_##entry, next_##entry = table_next(table, at_##entry, &bucket_##entry), 1);         \
		     at_##entry = next_##entry)
