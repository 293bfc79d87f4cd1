// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Puts the parts together; every loss ends up in probe_send_stats(). */
#include "probe/probe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "probe/clock.h"
#include "probe/log.h"
#include "probe/netns.h"
#include "probe/pressure.h"

#define OUTBOX_BYTES (16u << 20)

/* A record lies in the ring as it lies on the wire, in room for the largest of its size class. */
static int on_ring_record(void *context, void *data, size_t size)
{
	const struct record_header *header = data;
	struct probe *probe = context;

	if (size < sizeof(*header) || header->length > size)
		return 0;
	if (header->type == RECORD_SOCKET) {
		sockets_seen(&probe->sockets, data);
		return 0;
	}
	if (header->type >= TLS_CHUNK) {
		tls_take(&probe->tls, header, &probe->outbox);
		return 0;
	}
	outbox_copy(&probe->outbox, header);
	return 0;
}

static int fail(const char *what, int err)
{
	log_error("%s: %s", what, strerror(-err));
	return err;
}

/* Connections may come to be tracked later on. */
static void follow_translations(struct probe *probe)
{
	int err = translations_open(&probe->translations, probe->facts.netns_inum);

	if (err)
		kernel_add_missing(&probe->kernel, "services behind NAT: conntrack's events cannot be had (%s)",
				   strerror(-err));
}

static void read_tls(struct probe *probe)
{
	int err = tls_files_open(&probe->tls_files, &probe->kernel);

	tls_init(&probe->tls);
	probe->reads_tls = !err;
	if (err)
		kernel_add_missing(&probe->kernel, "TLS plaintext: sockets cannot be watched (%s)", strerror(-err));
}

int probe_open(struct probe *probe, const struct options *options)
{
	int err;

	memset(probe, 0, sizeof(*probe));
	probe->options = options;
	probe->outbox.limit = OUTBOX_BYTES;
	probe->facts.scan_interval_ms = options->scan_interval_ms;
	probe->facts.netns_inum = netns_own();
	if (getrandom(&probe->facts.boot_id, sizeof(probe->facts.boot_id), 0) < 0)
		return fail("cannot make an id", -errno);
	if (kernel_names_load(&probe->names))
		return fail("cannot read the kernel's BTF", -errno);
	err = kernel_open(&probe->kernel, &probe->names, options);
	if (err)
		return fail("cannot load the programs", err);
	probe->ring = ring_buffer__new(probe->kernel.events_fd, on_ring_record, probe, NULL);
	if (!probe->ring)
		return fail("cannot map the ring buffer", -errno);
	flows_init(&probe->flows, &probe->kernel, options->flow_entries);
	probe->flows.update_interval_ns = options->update_interval_ms * 1000000ull;
	probe->flows.interfaces = &probe->interfaces;
	probe->flows.sockets = &probe->sockets;
	drops_init(&probe->drops, &probe->kernel, &probe->names);
	failures_init(&probe->failures, &probe->kernel);
	if (!options->no_failed_calls)
		failures_attach(&probe->failures);
	sockets_init(&probe->sockets, &probe->kernel, probe->facts.netns_inum);
	follow_translations(probe);
	if (options->tls_uprobes)
		read_tls(probe);
	err = interfaces_open(&probe->interfaces, &probe->kernel, options);
	if (err)
		return fail("cannot list the interfaces", err);
	if (probe->interfaces.attach_failures && !probe->interfaces.attached)
		kernel_add_missing(&probe->kernel, "flows: no interface can be watched; tcx needs kernel 6.6 or newer");
	return 0;
}

void probe_close(struct probe *probe)
{
	interfaces_close(&probe->interfaces);
	ring_buffer__free(probe->ring);
	if (probe->options->tls_uprobes) {
		tls_files_free(&probe->tls_files);
		tls_free(&probe->tls);
	}
	kernel_close(&probe->kernel);
	flows_free(&probe->flows);
	drops_free(&probe->drops);
	failures_free(&probe->failures);
	sockets_free(&probe->sockets);
	translations_close(&probe->translations);
	kernel_names_free(&probe->names);
}

void probe_drain(struct probe *probe)
{
	ring_buffer__consume(probe->ring);
	sockets_report(&probe->sockets, &probe->outbox);
	translations_report(&probe->translations, &probe->outbox);
	interfaces_report(&probe->interfaces, &probe->outbox);
}

void probe_scan(struct probe *probe, bool is_last)
{
	int err = flows_read(&probe->flows, &probe->outbox);

	if (err)
		log_error("cannot read flows: %s", strerror(-err));
	err = drops_read(&probe->drops);
	if (err)
		log_error("cannot read drops: %s", strerror(-err));
	err = failures_read(&probe->failures);
	if (err)
		log_error("cannot read failed calls: %s", strerror(-err));
	/* The grace periods have taken a while. */
	probe_drain(probe);
	flows_report(&probe->flows, &probe->outbox, is_last);
	drops_report(&probe->drops, &probe->outbox);
	failures_report(&probe->failures, &probe->outbox);
	interfaces_sweep(&probe->interfaces);
}

void probe_walk(struct probe *probe)
{
	int err = sockets_walk(&probe->sockets);

	if (err)
		log_warn("cannot walk sockets: %s", strerror(-err));
	follow_translations(probe);
	if (probe->reads_tls) {
		tls_files_walk(&probe->tls_files);
		tls_sweep(&probe->tls);
	}
	err = interfaces_refresh(&probe->interfaces);
	if (err)
		log_warn("cannot list interfaces: %s", strerror(-err));
	pressure_report(&probe->kernel, &probe->outbox);
}

void probe_send_stats(struct probe *probe)
{
	uint64_t stats[STAT_COUNT];

	kernel_read_stats(&probe->kernel, stats);
	stats[STAT_FLOW_MAP_FULL] += probe->flows.untracked_packets;
	drops_send_totals(&probe->drops, &probe->outbox, stats);
	stats[STAT_CONNECT_MAP_FULL] += probe->failures.untracked;
	stats[STAT_TLS_LOST] += probe->tls.lost;
	stats[STAT_TRANSLATIONS_LOST] = probe->translations.overflows;
	stats[STAT_HTTP_REQUESTS_LOST] += probe->outbox.lost_http_requests;
	stats[STAT_FRAMES_LOST] = probe->outbox.lost_bytes;
	stats[STAT_FLOW_MAP_ENTRIES] = probe->flows.table.count;
	stats[STAT_FLOW_MAP_MAX] = probe->flows.limit;
	stats[STAT_INTERFACES] = probe->interfaces.attached;
	stats[STAT_ATTACH_FAILED] = probe->interfaces.attach_failures;
	outbox_frame(&probe->outbox, CLASS_STATE, FRAME_STATS, stats, sizeof(stats));
}

void probe_greet(struct probe *probe)
{
	struct frame *kept = outbox_take(&probe->outbox);
	size_t length;
	void *hello;

	outbox_connect(&probe->outbox);
	hello = hello_build(&probe->facts, &probe->kernel, &probe->names, &length);
	if (hello)
		outbox_frame(&probe->outbox, CLASS_STATE, FRAME_HELLO, hello, length);
	free(hello);
	probe->translations.is_dump_due = true;
	interfaces_forget_reported(&probe->interfaces);
	interfaces_report(&probe->interfaces, &probe->outbox);
	sockets_forget_reported(&probe->sockets);
	sockets_report(&probe->sockets, &probe->outbox);
	drops_announce_symbols(&probe->drops, &probe->outbox);
	probe_send_stats(probe);
	outbox_append(&probe->outbox, kept);
}

void probe_apply_verdict(const struct l7_verdict *verdict, void *context)
{
	struct probe *probe = context;
	struct flow_key key = verdict->key;
	struct l7_state state;

	key.ifindex = 0;
	if (verdict->copy > L7_COPY_TURNS || bpf_map_lookup_elem(probe->kernel.l7_states_fd, &key, &state))
		return;
	/* The connection may be another one by now, owned by another interface. */
	if (verdict->key.ifindex != state.owner_ifindex)
		return;
	state.copy = verdict->copy;
	state.credit[0] = state.credit[1] = verdict->copy == L7_COPY_HEADS ? L7_TURN_HEADS : L7_MESSAGE_BYTES;
	bpf_map_update_elem(probe->kernel.l7_states_fd, &key, &state, BPF_EXIST);
}
