// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * A collector that prints what a probe serves, until the probe says goodbye or the connection ends; it takes its leave
 * after as many frames as asked (0: never). It exits with 1 if a frame is malformed; a jump in the sequence is a line
 * "gap". With a third argument it answers L7 records by asking for another way to copy that connection: "no-more", or
 * "heads".
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "probe/print.h"

static int read_all(int fd, void *to, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t got = read(fd, (char *)to + done, size - done);

		if (got <= 0)
			return -1;
		done += got;
	}
	return 0;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return connect(fd, (struct sockaddr *)&address, sizeof(address)) ? -1 : fd;
}

static void ask_for(__u32 copy, int fd, const char *payload, size_t length)
{
	struct {
		struct frame_header header;
		struct l7_verdict verdict;
	} frame = {
		.header = { PALOMAR_WIRE_MAGIC, PALOMAR_WIRE_VERSION, FRAME_L7_VERDICT, sizeof(frame.verdict) },
		.verdict = { .copy = copy },
	};

	for (size_t at = 0; at < length;) {
		const struct l7_record *record = (const void *)(payload + at);

		at += (record->header.length + 7) & ~7u;
		if (record->header.type != RECORD_L7 || record->copy_mode == copy)
			continue;
		frame.verdict.key = record->key;
		/* The probe may have said goodbye behind these records already. */
		if (send(fd, &frame, sizeof(frame), MSG_NOSIGNAL) != sizeof(frame))
			return;
	}
}

int main(int argc, char **argv)
{
	static _Alignas(8) char payload[PALOMAR_FRAME_MAX];
	unsigned long frames = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	int fd = argc > 1 ? connect_to(argv[1]) : -1;
	struct frame_header header;
	uint32_t next = 0;

	if (fd < 0) {
		fprintf(stderr, "usage: collect <socket> [frames] [no-more|heads]\n");
		return 2;
	}
	for (unsigned long i = 0;; i++) {
		if (frames && i == frames)
			shutdown(fd, SHUT_WR);
		if (read_all(fd, &header, sizeof(header)))
			return 0;
		if (header.magic != PALOMAR_WIRE_MAGIC || header.version != PALOMAR_WIRE_VERSION ||
		    header.sequence < next || header.length > sizeof(payload)) {
			fprintf(stderr, "frame %lu is malformed: sequence %u\n", i, header.sequence);
			return 1;
		}
		if (header.sequence > next)
			printf("gap\n");
		next = header.sequence + 1;
		if (read_all(fd, payload, header.length))
			return 0;
		if (argc > 3 && header.type == FRAME_EVENTS)
			ask_for(strcmp(argv[3], "heads") ? L7_COPY_NONE : L7_COPY_HEADS, fd, payload, header.length);
		print_frame(&header, payload);
		if (header.type == FRAME_GOODBYE)
			return 0;
	}
}
