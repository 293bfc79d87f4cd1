// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Loads and attaches. Interfaces are attached by tcx links, which the kernel removes with the process. */
#include "probe/kernel.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/capability.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "palomar.skel.h"
#include "probe/drop_filter.h"
#include "probe/log.h"

/* Newer than the headers of the distributions that ship libbpf 1.1. */
#define TCX_INGRESS	46
#define TCX_EGRESS	47
#define DRAIN_BATCH	1024
#define DRAIN_KEY_MAX	128
#define DRAIN_VALUE_MAX 128
#define ATTACH_FIRST	(1u << 3) /* BPF_F_BEFORE: before any program that may end the chain */

static uint64_t effective_capabilities(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	unsigned long long capabilities = 0;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "CapEff: %llx", &capabilities) == 1)
			break;
	if (file)
		fclose(file);
	return capabilities;
}

bool kernel_can_run(void)
{
	static const struct {
		int capability;
		const char *name;
	} needed[] = { { CAP_NET_ADMIN, "CAP_NET_ADMIN" }, { CAP_BPF, "CAP_BPF" }, { CAP_PERFMON, "CAP_PERFMON" } };
	uint64_t capabilities = effective_capabilities();
	bool is_admin = capabilities & 1ull << CAP_SYS_ADMIN, can_run = true;

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		/* CAP_SYS_ADMIN includes the two newer ones. */
		if (capabilities & 1ull << needed[i].capability || (is_admin && needed[i].capability != CAP_NET_ADMIN))
			continue;
		fprintf(stderr, "palomar-probe: %s is missing: run as root or grant it\n", needed[i].name);
		can_run = false;
	}
	if (access("/sys/kernel/btf/vmlinux", R_OK)) {
		fprintf(stderr, "palomar-probe: /sys/kernel/btf/vmlinux is missing: use a kernel with "
				"CONFIG_DEBUG_INFO_BTF=y\n");
		can_run = false;
	}
	return can_run;
}

void kernel_add_missing(struct kernel *kernel, const char *format, ...)
{
	size_t used = strlen(kernel->missing);
	char line[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	log_warn("missing %s", line);
	snprintf(kernel->missing + used, sizeof(kernel->missing) - used, "missing=%s\n", line);
}

static int relay_libbpf(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char line[1024];

	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(line, sizeof(line), format, arguments);
	line[strcspn(line, "\n")] = 0;
	log_warn("%s", line);
	return 0;
}

static void declare_reasons(struct palomar_bpf *programs, const struct kernel_names *names)
{
	for (uint32_t reason = 0; reason < REASONS_MAX; reason++) {
		const char *name = kernel_reason(names, reason);

		if (drop_is_quiet_everywhere(name))
			programs->rodata->quiet_reasons[reason / 64] |= 1ull << reason % 64;
		if (drop_may_be_by_route(name))
			programs->rodata->route_reasons[reason / 64] |= 1ull << reason % 64;
	}
}

/* A machine that does not ask for plaintext has no program that could read it. */
static void load_tls(struct palomar_bpf *programs, bool is_asked_for)
{
	struct bpf_program *const readers[] = {
		programs->progs.watch_tls_write,    programs->progs.watch_tls_read,
		programs->progs.watch_tls_write_ex, programs->progs.watch_tls_read_ex,
		programs->progs.watch_tls_end,	    programs->progs.watch_tls_free,
		programs->progs.watch_tls_sent,	    programs->progs.watch_tls_received,
	};

	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		bpf_program__set_autoload(readers[i], is_asked_for);
}

static struct palomar_bpf *open_programs(const struct kernel_names *names, const struct options *options)
{
	struct palomar_bpf *programs = palomar_bpf__open();

	if (!programs)
		return NULL;
	declare_reasons(programs, names);
	bpf_program__set_autoload(programs->progs.watch_drops, !names->kfree_skb_has_receiver);
	bpf_program__set_autoload(programs->progs.watch_drops_rx_sk, names->kfree_skb_has_receiver);
	load_tls(programs, options->tls_uprobes);
	bpf_map__set_max_entries(programs->maps.flows_even, options->flow_entries);
	bpf_map__set_max_entries(programs->maps.flows_odd, options->flow_entries);
	return programs;
}

static int load(struct kernel *kernel, const struct kernel_names *names, const struct options *options)
{
	int err;

	kernel->programs = open_programs(names, options);
	if (!kernel->programs)
		return -errno;
	err = palomar_bpf__load(kernel->programs);
	if (!err || err == -EPERM)
		return err;
	/* Perhaps a kernel without task iterators: the rest must work there. */
	palomar_bpf__destroy(kernel->programs);
	kernel->programs = open_programs(names, options);
	if (!kernel->programs)
		return -errno;
	bpf_program__set_autoload(kernel->programs->progs.list_sockets, false);
	return palomar_bpf__load(kernel->programs);
}

/* Waits, as a process that nobody may look at but with CAP_SYS_PTRACE, until its pipe is closed. */
__attribute__((noreturn)) static void be_private(int ready_fd, int end_fd)
{
	char byte = 0;

	if (!prctl(PR_SET_DUMPABLE, 0) && write(ready_fd, &byte, 1) == 1)
		(void)!read(end_fd, &byte, 1);
	_exit(0);
}

static int try_process(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

int kernel_try_namespaces(void)
{
	int ready[2], end[2], err;
	char byte;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC))
		return -errno;
	if (pipe2(end, O_CLOEXEC)) {
		err = -errno;
		close(ready[0]);
		close(ready[1]);
		return err;
	}
	pid = fork();
	if (!pid) {
		close(end[1]);
		be_private(ready[1], end[0]);
	}
	err = pid < 0 ? -errno : 0;
	close(ready[1]);
	close(end[0]);
	if (!err)
		err = read(ready[0], &byte, 1) == 1 ? try_process(pid) : -ECHILD;
	close(ready[0]);
	close(end[1]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return err;
}

static void attach_tracing(struct kernel *kernel, const struct kernel_names *names)
{
	struct palomar_bpf *programs = kernel->programs;
	struct bpf_program *drops =
		names->kfree_skb_has_receiver ? programs->progs.watch_drops_rx_sk : programs->progs.watch_drops;
	struct bpf_link *link;

	programs->links.watch_drops = bpf_program__attach(drops);
	if (!programs->links.watch_drops)
		kernel_add_missing(kernel, "drops: tp_btf/kfree_skb cannot be attached (%s)", strerror(errno));
	programs->links.watch_sockets = bpf_program__attach(programs->progs.watch_sockets);
	if (!programs->links.watch_sockets)
		kernel_add_missing(kernel,
				   "processes of new connections: tp_btf/inet_sock_set_state cannot be attached (%s)",
				   strerror(errno));
	link = bpf_program__fd(programs->progs.list_sockets) >= 0
		       ? bpf_program__attach_iter(programs->progs.list_sockets, NULL)
		       : NULL;
	programs->links.list_sockets = link;
	kernel->task_file_fd = link ? bpf_link__fd(link) : -1;
	if (!link)
		kernel_add_missing(kernel, "processes: this kernel has no task_file iterator; use 5.8 or newer");
	if (!names->symbol_count)
		kernel_add_missing(kernel, "drop locations: /proc/kallsyms shows no addresses; grant CAP_SYSLOG");
	if (kernel_try_namespaces())
		kernel_add_missing(kernel, "pod namespaces: those without a name cannot be told; grant CAP_SYS_PTRACE");
}

int kernel_open(struct kernel *kernel, const struct kernel_names *names, const struct options *options)
{
	struct palomar_bpf *programs;
	int err;

	*kernel = (struct kernel){ .task_file_fd = -1 };
	libbpf_set_print(relay_libbpf);
	err = load(kernel, names, options);
	if (err)
		return err;
	programs = kernel->programs;
	kernel->flows = (struct map_pair){
		bpf_map__fd(programs->maps.flows),
		{ bpf_map__fd(programs->maps.flows_even), bpf_map__fd(programs->maps.flows_odd) },
	};
	kernel->drops = (struct map_pair){
		bpf_map__fd(programs->maps.drops),
		{ bpf_map__fd(programs->maps.drops_even), bpf_map__fd(programs->maps.drops_odd) },
	};
	kernel->failures = (struct map_pair){
		bpf_map__fd(programs->maps.failures),
		{ bpf_map__fd(programs->maps.failures_even), bpf_map__fd(programs->maps.failures_odd) },
	};
	kernel->flows_are_full = &programs->bss->flows_are_full;
	kernel->drops_are_full = &programs->bss->drops_are_full;
	kernel->events_fd = bpf_map__fd(programs->maps.events);
	kernel->l7_states_fd = bpf_map__fd(programs->maps.l7_states);
	attach_tracing(kernel, names);
	return 0;
}

void kernel_close(struct kernel *kernel)
{
	palomar_bpf__destroy(kernel->programs);
	kernel->programs = NULL;
}

int map_pair_swap(struct map_pair *pair)
{
	int read = pair->written, next = !pair->written;
	uint32_t zero = 0;

	/* Changing a map of maps from user space returns after an RCU grace period. */
	if (bpf_map_update_elem(pair->outer_fd, &zero, &pair->fds[next], BPF_ANY))
		return -errno;
	pair->written = next;
	return pair->fds[read];
}

int map_pair_is_empty(const struct map_pair *pair)
{
	char key[DRAIN_KEY_MAX];

	if (!bpf_map_get_next_key(pair->fds[pair->written], NULL, key))
		return 0;
	return errno == ENOENT ? 1 : -errno;
}

int map_drain(int fd, size_t key_size, size_t value_size,
	      void (*tell)(void *context, const void *key, const void *value), void *context)
{
	static char keys[DRAIN_BATCH * DRAIN_KEY_MAX], values[DRAIN_BATCH * DRAIN_VALUE_MAX];
	bool is_first = true;
	uint32_t cursor, read;
	int err;

	assert(key_size <= DRAIN_KEY_MAX && value_size <= DRAIN_VALUE_MAX);
	do {
		read = DRAIN_BATCH;
		err = bpf_map_lookup_and_delete_batch(fd, is_first ? NULL : &cursor, &cursor, keys, values, &read,
						      NULL);
		if (err && errno != ENOENT)
			return -errno;
		for (uint32_t i = 0; i < read; i++)
			tell(context, keys + i * key_size, values + i * value_size);
		is_first = false;
	} while (!err);
	return 0;
}

/* libbpf 1.1 has no wrapper for tcx. */
static int attach_tcx(const struct bpf_program *program, uint32_t ifindex, uint32_t attach_type)
{
	union bpf_attr request;
	int fd;

	memset(&request, 0, sizeof(request));
	request.link_create.prog_fd = bpf_program__fd(program);
	request.link_create.target_ifindex = ifindex;
	request.link_create.attach_type = attach_type;
	request.link_create.flags = ATTACH_FIRST;
	fd = syscall(SYS_bpf, BPF_LINK_CREATE, &request, sizeof(request));
	return fd < 0 ? -errno : fd;
}

int kernel_attach(const struct kernel *kernel, uint32_t ifindex, bool has_link_header, int fds[2])
{
	const struct palomar_bpf *programs = kernel->programs;

	fds[0] = attach_tcx(has_link_header ? programs->progs.watch_ingress : programs->progs.watch_ingress_l3, ifindex,
			    TCX_INGRESS);
	if (fds[0] < 0)
		return fds[0];
	fds[1] = attach_tcx(has_link_header ? programs->progs.watch_egress : programs->progs.watch_egress_l3, ifindex,
			    TCX_EGRESS);
	if (fds[1] >= 0)
		return 0;
	close(fds[0]);
	return fds[1];
}

void kernel_read_stats(const struct kernel *kernel, uint64_t stats[STAT_COUNT])
{
	int fd = bpf_map__fd(kernel->programs->maps.stats), cpus = libbpf_num_possible_cpus();
	uint64_t values[cpus > 0 ? cpus : 1];

	for (uint32_t stat = 0; stat < STAT_COUNT; stat++) {
		stats[stat] = 0;
		if (cpus <= 0 || bpf_map_lookup_elem(fd, &stat, values))
			continue;
		for (int cpu = 0; cpu < cpus; cpu++)
			stats[stat] += values[cpu];
	}
}

void kernel_read_reason(const struct kernel *kernel, uint32_t reason, struct reason_counts *counts)
{
	int fd = bpf_map__fd(kernel->programs->maps.drop_reasons), cpus = libbpf_num_possible_cpus();
	struct reason_counts values[cpus > 0 ? cpus : 1];

	*counts = (struct reason_counts){};
	if (cpus <= 0 || bpf_map_lookup_elem(fd, &reason, values))
		return;
	for (int cpu = 0; cpu < cpus; cpu++) {
		counts->filtered += values[cpu].filtered;
		counts->unparsed += values[cpu].unparsed;
		counts->lost += values[cpu].lost;
	}
}
