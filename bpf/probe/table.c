// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Chained hash table; doubles when it holds as many entries as buckets. */
#include "probe/table.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_BUCKETS 1024

static uint64_t hash_key(const void *key, size_t size)
{
	uint64_t hash = 0x9e3779b97f4a7c15ull, word;

	for (size_t i = 0; i < size; i += 8) {
		memcpy(&word, (const char *)key + i, 8);
		hash = (hash ^ word) * 0xff51afd7ed558ccdull;
		hash ^= hash >> 32;
	}
	return hash;
}

static void *key_of(const struct table_node *node)
{
	return (void *)(node + 1);
}

void table_init(struct table *table, size_t key_size, size_t entry_size)
{
	*table = (struct table){ .key_size = key_size, .entry_size = entry_size };
}

void table_free(struct table *table)
{
	struct table_node *node;

	table_for_each (node, table)
		free(node);
	free(table->buckets);
	table_init(table, table->key_size, table->entry_size);
}

void *table_find(const struct table *table, const void *key)
{
	uint64_t hash = hash_key(key, table->key_size);
	struct table_node *node;

	if (!table->count)
		return NULL;
	for (node = table->buckets[hash % table->bucket_count]; node; node = node->next)
		if (node->hash == hash && !memcmp(key_of(node), key, table->key_size))
			return node;
	return NULL;
}

static int grow(struct table *table)
{
	size_t count = table->bucket_count ? table->bucket_count * 2 : FIRST_BUCKETS;
	struct table_node **buckets = calloc(count, sizeof(*buckets)), *node;

	if (!buckets)
		return -1;
	table_for_each (node, table) {
		node->next = buckets[node->hash % count];
		buckets[node->hash % count] = node;
	}
	free(table->buckets);
	table->buckets = buckets;
	table->bucket_count = count;
	return 0;
}

void *table_add(struct table *table, const void *key)
{
	struct table_node *node, **bucket;

	if (table->count >= table->bucket_count && grow(table) && !table->bucket_count)
		return NULL;
	node = calloc(1, table->entry_size);
	if (!node)
		return NULL;
	memcpy(key_of(node), key, table->key_size);
	node->hash = hash_key(key, table->key_size);
	bucket = &table->buckets[node->hash % table->bucket_count];
	node->next = *bucket;
	*bucket = node;
	table->count++;
	return node;
}

void table_remove(struct table *table, void *entry)
{
	struct table_node *node = entry, **link = &table->buckets[node->hash % table->bucket_count];

	while (*link != node)
		link = &(*link)->next;
	*link = node->next;
	table->count--;
	free(node);
}

void *table_first(const struct table *table, size_t *bucket)
{
	for (*bucket = 0; *bucket < table->bucket_count; ++*bucket)
		if (table->buckets[*bucket])
			return table->buckets[*bucket];
	return NULL;
}

void *table_next(const struct table *table, const struct table_node *at, size_t *bucket)
{
	if (at->next)
		return at->next;
	while (++*bucket < table->bucket_count)
		if (table->buckets[*bucket])
			return table->buckets[*bucket];
	return NULL;
}
