// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Writes the struct and its text lines into one buffer. */
#include "probe/hello.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "maps.h"
#include "probe/clock.h"
#include "probe/kernel.h"
#include "probe/kernel_names.h"

void *hello_build(const struct hello_facts *facts, const struct kernel *kernel, const struct kernel_names *names,
		  size_t *length)
{
	struct hello hello = {
		.probe_pid = getpid(),
		.boot_id = facts->boot_id,
		.mono_ns = mono_ns(),
		.real_ns = real_ns(),
		.scan_interval_ms = facts->scan_interval_ms,
		.l7_segment_bytes = L7_CHUNK_BYTES,
		.netns_inum = facts->netns_inum,
	};
	struct utsname system;
	char *payload = NULL;
	FILE *stream = open_memstream(&payload, length);

	if (!stream)
		return NULL;
	uname(&system);
	fwrite(&hello, sizeof(hello), 1, stream);
	fprintf(stream, "kernel=%s\nnode=%s\n%s", system.release, system.nodename, kernel->missing);
	for (uint32_t reason = 0; reason < REASONS_MAX; reason++)
		if (*kernel_reason(names, reason))
			fprintf(stream, "reason.%u=%s\n", reason, kernel_reason(names, reason));
	if (fclose(stream))
		return NULL;
	((struct hello *)payload)->text_length = *length - sizeof(hello);
	return payload;
}
