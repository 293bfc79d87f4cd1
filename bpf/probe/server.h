/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The unix socket: one collector at a time, the newest wins, and what it says. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "wire.h"

#define SERVER_INPUT_BYTES 4096

struct server {
	const char *path;
	int listen_fd;
	int client_fd; /* -1: no collector */
	uint8_t input[SERVER_INPUT_BYTES];
	uint32_t input_used;
	uint32_t input_skip; /* bytes of a frame nobody knows, still to come */
};

/* -1 with errno. A socket left by a dead probe is replaced; anything else in its place is not. */
int server_listen(struct server *server, const char *path, uid_t uid);
/* Takes a waiting connection in place of the one there is; -1 if there was none. */
int server_accept(struct server *server);
/* Reads what the collector says; -1 if it has gone or makes no sense. */
int server_read(struct server *server, void (*on_verdict)(const struct l7_verdict *, void *), void *context);
void server_hang_up(struct server *server);
void server_close(struct server *server);
