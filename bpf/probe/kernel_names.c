// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Reads BTF and kallsyms once, at start. */
#include "probe/kernel_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>

#define REASON_PREFIX "SKB_DROP_REASON_"
/* Farther from the nearest symbol than any function is long: a module loaded later, or BPF. */
#define FUNCTION_BYTES_MAX (1u << 20)

static void load_reasons(struct kernel_names *names, const struct btf *btf)
{
	int id = btf__find_by_name_kind(btf, "skb_drop_reason", BTF_KIND_ENUM);
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, id) : NULL;
	const struct btf_enum *value = type ? btf_enum(type) : NULL;

	for (int i = 0; type && i < btf_vlen(type); i++, value++) {
		const char *name = btf__name_by_offset(btf, value->name_off);

		if (value->val < 0 || value->val >= REASONS_MAX)
			continue;
		if (!strncmp(name, REASON_PREFIX, strlen(REASON_PREFIX)))
			name += strlen(REASON_PREFIX);
		if (strcmp(name, "MAX"))
			snprintf(names->reasons[value->val], REASON_NAME_MAX, "%s", name);
	}
}

/* The prototype's first parameter is the context, so four arguments of the tracepoint are five. */
static bool has_receiver(const struct btf *btf)
{
	int id = btf__find_by_name_kind(btf, "btf_trace_kfree_skb", BTF_KIND_TYPEDEF);
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, id) : NULL;

	if (type)
		type = btf__type_by_id(btf, type->type);
	if (type && btf_is_ptr(type))
		type = btf__type_by_id(btf, type->type);
	return type && btf_is_func_proto(type) && btf_vlen(type) >= 5;
}

static int by_address(const void *left, const void *right)
{
	uint64_t a = ((const struct kernel_symbol *)left)->address, b = ((const struct kernel_symbol *)right)->address;

	return a < b ? -1 : a > b;
}

struct symbol_reader {
	struct kernel_names *names;
	size_t symbol_room, text_room, text_used;
};

static int add_symbol(struct symbol_reader *reader, uint64_t address, const char *name)
{
	struct kernel_names *names = reader->names;
	size_t length = strlen(name) + 1;

	if (names->symbol_count == reader->symbol_room) {
		size_t room = reader->symbol_room ? reader->symbol_room * 2 : 1 << 16;
		void *grown = realloc(names->symbols, room * sizeof(*names->symbols));

		if (!grown)
			return -1;
		names->symbols = grown;
		reader->symbol_room = room;
	}
	if (reader->text_used + length > reader->text_room) {
		size_t room = reader->text_room ? reader->text_room * 2 : 1 << 20;
		char *grown = realloc(names->text, room);

		if (!grown)
			return -1;
		names->text = grown;
		reader->text_room = room;
	}
	memcpy(names->text + reader->text_used, name, length);
	names->symbols[names->symbol_count++] = (struct kernel_symbol){ address, reader->text_used };
	reader->text_used += length;
	return 0;
}

static void load_symbols(struct kernel_names *names)
{
	struct symbol_reader reader = { .names = names };
	FILE *file = fopen("/proc/kallsyms", "re");
	char line[512], name[256], kind;
	unsigned long long address;

	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		/* Without CAP_SYSLOG every address reads 0. */
		if (sscanf(line, "%llx %c %255s", &address, &kind, name) != 3 || !address || !strchr("tTwW", kind))
			continue;
		if (add_symbol(&reader, address, name))
			break;
	}
	fclose(file);
	if (names->symbol_count)
		qsort(names->symbols, names->symbol_count, sizeof(*names->symbols), by_address);
}

int kernel_names_load(struct kernel_names *names)
{
	struct btf *btf = btf__load_vmlinux_btf();

	memset(names, 0, sizeof(*names));
	if (!btf)
		return -1;
	load_reasons(names, btf);
	names->kfree_skb_has_receiver = has_receiver(btf);
	btf__free(btf);
	load_symbols(names);
	return 0;
}

void kernel_names_free(struct kernel_names *names)
{
	free(names->symbols);
	free(names->text);
}

const char *kernel_reason(const struct kernel_names *names, uint32_t reason)
{
	return reason < REASONS_MAX ? names->reasons[reason] : "";
}

const char *kernel_symbol(const struct kernel_names *names, uint64_t address)
{
	size_t low = 0, high = names->symbol_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (names->symbols[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address - names->symbols[low - 1].address > FUNCTION_BYTES_MAX)
		return "";
	return names->text + names->symbols[low - 1].name;
}
