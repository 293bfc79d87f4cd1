/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The whole: what there is, and what is done at which time. main.c drives it. */
#pragma once

#include "probe/drops.h"
#include "probe/failures.h"
#include "probe/flows.h"
#include "probe/hello.h"
#include "probe/interfaces.h"
#include "probe/kernel.h"
#include "probe/kernel_names.h"
#include "probe/options.h"
#include "probe/outbox.h"
#include "probe/server.h"
#include "probe/sockets.h"
#include "probe/tls.h"
#include "probe/tls_files.h"
#include "probe/translations.h"

struct ring_buffer;

struct probe {
	const struct options *options;
	struct hello_facts facts;
	struct kernel_names names;
	struct kernel kernel;
	struct interfaces interfaces;
	struct flows flows;
	struct drops drops;
	struct failures failures;
	struct sockets sockets;
	struct translations translations;
	struct tls tls;
	struct tls_files tls_files;
	bool reads_tls;
	struct outbox outbox;
	struct server server;
	struct ring_buffer *ring;
};

/* 0, or a negative errno after a log line. */
int probe_open(struct probe *probe, const struct options *options);
void probe_close(struct probe *probe);
/* Takes L7 and socket records from the kernel: every few milliseconds. */
void probe_drain(struct probe *probe);
/* Reads flows and drops, and reports what changed: every scan interval. */
void probe_scan(struct probe *probe, bool is_last);
/* Walks the sockets and compares the interfaces: every few seconds. */
void probe_walk(struct probe *probe);
void probe_send_stats(struct probe *probe);
/* Greets the collector that has just connected, and tells it the state of things. */
void probe_greet(struct probe *probe);
/* Applies what the collector wants copied. */
void probe_apply_verdict(const struct l7_verdict *verdict, void *probe);
