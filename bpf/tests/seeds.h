/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* `run-programs seeds DIRECTORY`: the tests' packets as files, for the fuzzer to start from. */
#pragma once

/* As tests/fuzz_parse.c wants them: choices, how much lies in the first piece (255: all), the packet. */
static int write_seed(const char *directory, const struct layer *layers, bool is_ethernet, uint32_t cut)
{
	struct built_packet packet = build_packet(layers);
	uint8_t head[2] = { is_ethernet, 255 };
	static unsigned int number;
	char path[256];
	FILE *file;
	int err;

	snprintf(path, sizeof(path), "%s/%u", directory, number++);
	file = fopen(path, "w");
	if (!file)
		return -1;
	err = fwrite(head, sizeof(head), 1, file) != 1 || fwrite(packet.bytes, packet.size - cut, 1, file) != 1;
	return fclose(file) || err ? -1 : 0;
}

static int write_seeds(const char *directory)
{
	int err = 0;

	for (size_t i = 0; i < sizeof(parse_tests) / sizeof(parse_tests[0]); i++)
		err |= write_seed(directory, parse_tests[i].layers, parse_tests[i].device <= ETHERNET_EGRESS,
				  parse_tests[i].cut);
	for (size_t i = 0; i < sizeof(tunnel_tests) / sizeof(tunnel_tests[0]); i++)
		err |= write_seed(directory, tunnel_tests[i].layers, tunnel_tests[i].device <= ETHERNET_EGRESS, 0);
	if (err)
		fprintf(stderr, "cannot write to %s: %s\n", directory, strerror(errno));
	return err ? 2 : 0;
}
