// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * What `palomar doctor` shows. One table: a feature is a row with the attempt that proves it, so that nothing is said
 * of a kernel by its version. An attempt answers 0 or a negative errno and leaves nothing behind.
 */
#include "probe/check.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "palomar.skel.h"
#include "probe/kernel.h"
#include "probe/kernel_names.h"
#include "probe/tracepoints.h"
#include "probe/translations.h"

#define LOOPBACK_IFINDEX 1
#define PROGRAMS_MAX	 4
/* Small maps: an attempt is about the programs. */
#define CHECK_ENTRIES 64

struct feature {
	const char *name;
	const char *kernel;  /* the first that has it */
	const char *needs;   /* capabilities */
	const char *instead; /* what there is without it */
	const char *mend;
	const char *programs[PROGRAMS_MAX]; /* loaded for the attempt */
	int (*attempt)(struct palomar_bpf *programs);
	bool is_optional;
};

static struct kernel_names names;

static int try_tcx(struct palomar_bpf *programs)
{
	struct kernel kernel = { .programs = programs };
	int fds[2], err = kernel_attach(&kernel, LOOPBACK_IFINDEX, true, fds);

	if (err)
		return err;
	close(fds[0]);
	close(fds[1]);
	return 0;
}

static int try_attach(struct bpf_program *program)
{
	struct bpf_link *link = bpf_program__attach(program);

	if (!link)
		return -errno;
	bpf_link__destroy(link);
	return 0;
}

static int try_drops(struct palomar_bpf *programs)
{
	return try_attach(names.kfree_skb_has_receiver ? programs->progs.watch_drops_rx_sk
						       : programs->progs.watch_drops);
}

static int try_receiver(struct palomar_bpf *programs)
{
	(void)programs;
	return names.kfree_skb_has_receiver ? 0 : -ENOSYS;
}

static int try_states(struct palomar_bpf *programs)
{
	return try_attach(programs->progs.watch_sockets);
}

/* Attached and read once, for both may be refused. */
static int try_task_files(struct palomar_bpf *programs)
{
	struct bpf_link *link = bpf_program__attach_iter(programs->progs.list_sockets, NULL);
	int fd, err = 0;
	char byte;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0 || read(fd, &byte, 1) < 0)
		err = -errno;
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	return err;
}

static int try_failures(struct palomar_bpf *programs)
{
	int event = tracepoint_open("syscalls", "sys_exit_connect");
	struct bpf_link *link;

	if (event < 0)
		return event;
	/* The link owns the event. */
	link = bpf_program__attach_perf_event(programs->progs.watch_connect, event);
	if (!link) {
		int err = -errno;

		close(event);
		return err;
	}
	bpf_link__destroy(link);
	return 0;
}

static int try_payload(struct palomar_bpf *programs)
{
	struct ring_buffer *ring = ring_buffer__new(bpf_map__fd(programs->maps.events), NULL, NULL, NULL);

	if (!ring)
		return -errno;
	ring_buffer__free(ring);
	return 0;
}

static int try_symbols(struct palomar_bpf *programs)
{
	(void)programs;
	return names.symbol_count ? 0 : -EPERM;
}

static int try_translations(struct palomar_bpf *programs)
{
	struct translations translations = {};
	int err = translations_open(&translations, 0);

	(void)programs;
	if (!err)
		translations_close(&translations);
	return err;
}

static int try_namespaces(struct palomar_bpf *programs)
{
	(void)programs;
	return kernel_try_namespaces();
}

/* Where in its file the code at this address lies; 0 if it cannot be told. */
static size_t file_offset(const void *address)
{
	unsigned long start, end, offset, at = (unsigned long)address;
	FILE *maps = fopen("/proc/self/maps", "re");
	size_t found = 0;
	char line[512];

	while (maps && !found && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %*s %lx", &start, &end, &offset) == 3 && start <= at && at < end)
			found = at - start + offset;
	if (maps)
		fclose(maps);
	return found;
}

/* On a function of its own, and on the two tracepoints that tell which socket a library writes to. */
static int try_tls(struct palomar_bpf *programs)
{
	LIBBPF_OPTS(bpf_uprobe_opts, options);
	int err = try_attach(programs->progs.watch_tls_sent);
	struct bpf_link *link;

	if (!err)
		err = try_attach(programs->progs.watch_tls_received);
	if (err)
		return err;
	link = bpf_program__attach_uprobe_opts(programs->progs.watch_tls_write, -1, "/proc/self/exe",
					       file_offset(try_tls), &options);
	if (!link)
		return -errno;
	bpf_link__destroy(link);
	return 0;
}

#define ALWAYS "CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON"

/* To add a feature, add a row. */
static const struct feature features[] = {
	{ "flows (tcx)",
	  "6.6",
	  ALWAYS,
	  "nothing: interfaces are shown as failed, drops and sockets are still seen",
	  "a kernel with tcx",
	  { "watch_ingress", "watch_egress", "watch_ingress_l3", "watch_egress_l3" },
	  try_tcx,
	  false },
	{ "payload for HTTP, DNS, TLS ... (ring buffer)",
	  "5.8",
	  ALWAYS,
	  "nothing: flows without application data",
	  "a kernel with BPF ring buffers",
	  { "watch_ingress", "watch_egress" },
	  try_payload,
	  false },
	{ "drops (tp_btf/kfree_skb)",
	  "5.17",
	  ALWAYS,
	  "nothing: a dropped packet looks like one that was never answered",
	  "a kernel with CONFIG_DEBUG_INFO_BTF=y and drop reasons",
	  { "watch_drops", "watch_drops_rx_sk" },
	  try_drops,
	  false },
	{ "drops: the socket that was to receive",
	  "6.11",
	  "none",
	  "the packet's own socket: some drops in a pod have no namespace",
	  "a newer kernel",
	  {},
	  try_receiver,
	  true },
	{ "drops: the kernel function",
	  "any",
	  "CAP_SYSLOG",
	  "an address, and NOT_SPECIFIED where the function would tell more",
	  "CAP_SYSLOG, or kernel.kptr_restrict=0",
	  {},
	  try_symbols,
	  true },
	{ "processes of sockets (iter/task_file)",
	  "5.8",
	  ALWAYS,
	  "only connections opened from now on have their process",
	  "a kernel with BPF iterators",
	  { "list_sockets" },
	  try_task_files,
	  true },
	{ "processes and health of TCP connections (tp_btf/inet_sock_set_state)",
	  "5.5",
	  ALWAYS,
	  "processes from a walk over all sockets every few seconds",
	  "a kernel with CONFIG_DEBUG_INFO_BTF=y",
	  { "watch_sockets" },
	  try_states,
	  true },
	{ "calls that fail before a packet (syscall tracepoints)",
	  "5.8",
	  ALWAYS " and a tracefs that can be read, or CAP_SYS_ADMIN",
	  "nothing: a connect() without a route leaves no trace",
	  "CONFIG_FTRACE_SYSCALLS=y, and CAP_SYS_ADMIN or a mounted /sys/kernel/tracing",
	  { "watch_connect" },
	  try_failures,
	  true },
	{ "services behind NAT (conntrack events)",
	  "any",
	  "CAP_NET_ADMIN",
	  "a service's address and its backend are two flows",
	  "CONFIG_NF_CT_NETLINK=y and CAP_NET_ADMIN",
	  {},
	  try_translations,
	  true },
	{ "plaintext of TLS libraries (uprobes), read only with --tls-uprobes",
	  "6.3",
	  ALWAYS ", CAP_SYS_ADMIN",
	  "nothing: of an encrypted connection its names and sizes only",
	  "a kernel with CONFIG_UPROBE_EVENTS=y, CAP_SYS_ADMIN, and the tracepoints sock_send_length and "
	  "sock_recv_length",
	  { "watch_tls_write", "watch_tls_end", "watch_tls_sent", "watch_tls_received" },
	  try_tls,
	  true },
	{ "names of pods' network namespaces (other users' processes)",
	  "any",
	  "CAP_SYS_PTRACE",
	  "namespaces with a name under /run/netns only",
	  "CAP_SYS_PTRACE",
	  {},
	  try_namespaces,
	  true },
};

static int keep_quiet(enum libbpf_print_level level, const char *format, va_list arguments)
{
	(void)level;
	(void)format;
	(void)arguments;
	return 0;
}

static bool is_wanted(const struct feature *feature, const char *name)
{
	/* Of the two, the kernel takes the one that its tracepoint has the arguments for. */
	if (!strcmp(name, names.kfree_skb_has_receiver ? "watch_drops" : "watch_drops_rx_sk"))
		return false;
	for (size_t i = 0; i < PROGRAMS_MAX && feature->programs[i]; i++)
		if (!strcmp(feature->programs[i], name))
			return true;
	return false;
}

static int attempt(const struct feature *feature)
{
	struct palomar_bpf *programs;
	struct bpf_program *program;
	struct bpf_map *map;
	int err;

	if (!feature->programs[0])
		return feature->attempt(NULL);
	programs = palomar_bpf__open();
	if (!programs)
		return -errno;
	bpf_object__for_each_program(program, programs->obj)
		bpf_program__set_autoload(program, is_wanted(feature, bpf_program__name(program)));
	bpf_object__for_each_map(map, programs->obj) if (bpf_map__type(map) == BPF_MAP_TYPE_HASH)
		bpf_map__set_max_entries(map, CHECK_ENTRIES);
	err = palomar_bpf__load(programs);
	if (!err)
		err = feature->attempt(programs);
	palomar_bpf__destroy(programs);
	return err;
}

int check_features(void)
{
	size_t count = sizeof(features) / sizeof(features[0]);
	int code = 0;

	libbpf_set_print(keep_quiet);
	/* Without BTF the attempts fail, and say so. */
	if (kernel_names_load(&names))
		fprintf(stderr, "palomar-probe: /sys/kernel/btf/vmlinux cannot be read\n");
	for (size_t i = 0; i < count; i++) {
		const struct feature *feature = &features[i];
		int err = attempt(feature);

		if (err && !feature->is_optional)
			code = EXIT_FAILURE;
		printf("%s{\"feature\":\"%s\",\"kernel\":\"%s\",\"needs\":\"%s\",\"works\":%s,\"optional\":%s,"
		       "\"error\":\"%s\",\"instead\":\"%s\",\"mend\":\"%s\"}%s\n",
		       i ? "" : "[", feature->name, feature->kernel, feature->needs, err ? "false" : "true",
		       feature->is_optional ? "true" : "false",
		       err ? (strerrorname_np(-err) ? strerrorname_np(-err) : "unknown") : "", feature->instead,
		       feature->mend, i + 1 < count ? "," : "]");
	}
	kernel_names_free(&names);
	return code;
}
