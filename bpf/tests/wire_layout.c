// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Prints the layout of every struct in an object's BTF as JSON: { "<struct>": { "size": n, "fields": { "<field>":
 * [offset, size] } } }. The collector's decoder is compared with it.
 */
#include <stdio.h>

#include <bpf/btf.h>

static void print_struct(const struct btf *btf, const struct btf_type *type)
{
	const struct btf_member *member = btf_members(type);

	printf("  \"%s\": {\n    \"size\": %u,\n    \"fields\": {", btf__name_by_offset(btf, type->name_off),
	       type->size);
	for (int i = 0; i < btf_vlen(type); i++, member++)
		printf("%s\n      \"%s\": [%u, %lld]", i ? "," : "", btf__name_by_offset(btf, member->name_off),
		       btf_member_bit_offset(type, i) / 8, (long long)btf__resolve_size(btf, member->type));
	printf("\n    }\n  }");
}

int main(int argc, char **argv)
{
	const char *separator = "";
	struct btf *btf;

	if (argc != 2 || !(btf = btf__parse_elf(argv[1], NULL))) {
		fprintf(stderr, "usage: wire-layout <object with BTF>\n");
		return 2;
	}
	printf("{\n");
	for (__u32 id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);

		if (!btf_is_struct(type))
			continue;
		printf("%s", separator);
		print_struct(btf, type);
		separator = ",\n";
	}
	printf("\n}\n");
	btf__free(btf);
	return 0;
}
