/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The command line. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define EXCLUDED_MAX 64

/* Exit codes beside 0 and 1. */
enum { EXIT_USAGE = 2, EXIT_SECOND_PROBE = 3, EXIT_PRIVILEGES = 4 };

struct options {
	const char *socket_path;
	uid_t socket_uid; /* (uid_t)-1: leave it */
	const char *excluded[EXCLUDED_MAX];
	int excluded_count;
	const char *uplinks[EXCLUDED_MAX];
	int uplink_count;
	uint32_t scan_interval_ms;
	uint32_t update_interval_ms;
	uint32_t flow_entries;
	bool no_failed_calls;
	bool tls_uprobes;
	bool print;
	bool check;
};

/* Prints help or a complaint and exits where the line asks for it. */
void options_parse(struct options *options, int argc, char **argv);
