// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Adds up what the kernel counted per (process, peer, errno) until a collector has it. */
#include "probe/failures.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "palomar.skel.h"
#include "probe/sockets.h"
#include "probe/tracepoints.h"

#define FAILURES_MAX 16384

struct failure {
	struct table_node node;
	struct failure_key key;
	struct failure_counts counts;
	char unit[sizeof(((struct connect_record *)0)->unit)];
};

void failures_init(struct failures *failures, struct kernel *kernel)
{
	*failures = (struct failures){ .kernel = kernel };
	table_init(&failures->table, sizeof(struct failure_key), sizeof(struct failure));
}

void failures_free(struct failures *failures)
{
	table_free(&failures->table);
}

/* The link, which owns the event, goes with the process. 0, or a negative errno. */
static int attach(const struct bpf_program *program, const char *call)
{
	int fd = tracepoint_open("syscalls", call);

	if (fd < 0)
		return fd;
	if (bpf_program__attach_perf_event(program, fd))
		return 0;
	close(fd);
	return -errno;
}

void failures_attach(struct failures *failures)
{
	const struct palomar_bpf *programs = failures->kernel->programs;
	const struct {
		const char *call;
		const struct bpf_program *program;
	} calls[] = {
		{ "sys_exit_connect", programs->progs.watch_connect },
		{ "sys_exit_sendto", programs->progs.watch_sendto },
		{ "sys_exit_sendmsg", programs->progs.watch_sendmsg },
		{ "sys_exit_sendmmsg", programs->progs.watch_sendmsg },
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		int err = attach(calls[i].program, calls[i].call);

		if (!err)
			continue;
		kernel_add_missing(failures->kernel,
				   "failed calls: tracepoint %s cannot be attached (%s); mount tracefs or grant "
				   "CAP_SYS_ADMIN",
				   calls[i].call, strerror(-err));
		return;
	}
}

static void merge(void *context, const void *of, const void *value)
{
	struct failures *failures = context;
	const struct failure_key *key = of;
	const struct failure_counts *counts = value;
	struct failure *failure = table_find(&failures->table, key);
	uint32_t before;

	if (!failure && failures->table.count < FAILURES_MAX)
		failure = table_add(&failures->table, key);
	if (!failure) {
		failures->untracked += counts->count;
		return;
	}
	before = failure->counts.count;
	failure->counts = *counts;
	failure->counts.count += before;
	/* While the process is there to be asked. */
	if (!*failure->unit)
		sockets_read_unit(key->pid, failure->unit, sizeof(failure->unit));
}

int failures_read(struct failures *failures)
{
	struct map_pair *pair = &failures->kernel->failures;
	int fd, is_empty = map_pair_is_empty(pair);

	/* Most of the time it is, and waiting for a grace period would be for nothing. */
	if (is_empty)
		return is_empty < 0 ? is_empty : 0;
	fd = map_pair_swap(pair);
	if (fd < 0)
		return fd;
	return map_drain(fd, sizeof(struct failure_key), sizeof(struct failure_counts), merge, failures);
}

static int report(const struct failure *failure, struct outbox *outbox)
{
	const struct failure_counts *counts = &failure->counts;
	const struct failure_key *key = &failure->key;
	struct connect_record *record = outbox_record(outbox, CLASS_KEPT, RECORD_CONNECT, sizeof(*record));

	if (!record)
		return -1;
	memcpy(record->remote, key->remote, sizeof(record->remote));
	memcpy(record->local, counts->local, sizeof(record->local));
	record->mono_ns = counts->last_ns;
	record->cgroup_id = counts->cgroup_id;
	record->netns_inum = key->netns_inum;
	record->pid = key->pid;
	record->error = key->error;
	record->count = counts->count;
	record->remote_port = key->remote_port;
	record->local_port = counts->local_port;
	record->protocol = key->protocol;
	record->family = key->family;
	memcpy(record->comm, counts->comm, sizeof(record->comm));
	memcpy(record->unit, failure->unit, sizeof(record->unit));
	return 0;
}

void failures_report(struct failures *failures, struct outbox *outbox)
{
	struct failure *failure;

	if (!outbox->is_connected)
		return;
	table_for_each (failure, &failures->table) {
		if (report(failure, outbox))
			return;
		table_remove(&failures->table, failure);
	}
}
