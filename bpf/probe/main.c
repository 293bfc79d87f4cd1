// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * The probe: the one privileged process. Loads the programs, follows the interfaces, and serves what it sees on a
 * unix socket. It dies with its parent, and nothing of it stays in the kernel however it dies.
 */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "probe/check.h"
#include "probe/clock.h"
#include "probe/log.h"
#include "probe/print.h"
#include "probe/probe.h"

#define DRAIN_INTERVAL_MS 15
#define STATS_INTERVAL_MS 1000
#define WALK_INTERVAL_MS  5000
/* How long a collector may take to read the last frames. */
#define FAREWELL_MS 500

enum source {
	SOURCE_SIGNAL,
	SOURCE_DRAIN,
	SOURCE_SCAN,
	SOURCE_STATS,
	SOURCE_WALK,
	SOURCE_LINKS,
	SOURCE_LISTEN,
	SOURCE_CLIENT
};

struct loop {
	struct probe probe;
	int epoll_fd;
	bool is_client_watched_for_room;
	bool is_stopping;
};

/* The name goes with the process; another probe in this network namespace finds it taken. */
static bool take_lock(void)
{
	static const char name[] = "\0palomar-probe";
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, name, sizeof(name) - 1);
	return fd >= 0 &&
	       !bind(fd, (struct sockaddr *)&address, offsetof(struct sockaddr_un, sun_path) + sizeof(name) - 1);
}

static int watch(const struct loop *loop, int operation, int fd, enum source source, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.u64 = (uint64_t)source << 32 | (uint32_t)fd };

	return epoll_ctl(loop->epoll_fd, operation, fd, &event);
}

static int watch_timer(const struct loop *loop, enum source source, uint32_t interval_ms)
{
	struct timespec interval = { interval_ms / 1000, interval_ms % 1000 * 1000000L };
	struct itimerspec timer = { interval, interval };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);

	if (fd < 0 || timerfd_settime(fd, 0, &timer, NULL))
		return -1;
	return watch(loop, EPOLL_CTL_ADD, fd, source, EPOLLIN);
}

static int watch_signals(const struct loop *loop)
{
	sigset_t signals;
	int fd;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	if (sigprocmask(SIG_BLOCK, &signals, NULL))
		return -1;
	fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	return fd < 0 ? -1 : watch(loop, EPOLL_CTL_ADD, fd, SOURCE_SIGNAL, EPOLLIN);
}

static void hang_up(struct loop *loop)
{
	server_hang_up(&loop->probe.server);
	outbox_disconnect(&loop->probe.outbox);
}

/* Writes what there is to write, and asks to be woken when the socket takes more. */
static void flush(struct loop *loop)
{
	struct probe *probe = &loop->probe;
	bool wants_room;

	if (probe->options->print) {
		outbox_print(&probe->outbox, print_frame);
		return;
	}
	if (probe->server.client_fd < 0)
		return;
	if (outbox_write(&probe->outbox, probe->server.client_fd)) {
		log_info("collector has gone");
		hang_up(loop);
		return;
	}
	wants_room = !outbox_is_empty(&probe->outbox);
	if (wants_room == loop->is_client_watched_for_room)
		return;
	loop->is_client_watched_for_room = wants_room;
	watch(loop, EPOLL_CTL_MOD, probe->server.client_fd, SOURCE_CLIENT, EPOLLIN | (wants_room ? EPOLLOUT : 0));
}

static void accept_collector(struct loop *loop)
{
	struct probe *probe = &loop->probe;

	if (server_accept(&probe->server))
		return;
	log_info("collector connected");
	outbox_disconnect(&probe->outbox);
	watch(loop, EPOLL_CTL_ADD, probe->server.client_fd, SOURCE_CLIENT, EPOLLIN);
	loop->is_client_watched_for_room = false;
	probe_greet(probe);
}

static void read_collector(struct loop *loop)
{
	if (loop->probe.server.client_fd < 0)
		return;
	if (!server_read(&loop->probe.server, probe_apply_verdict, &loop->probe))
		return;
	log_info("collector has gone");
	hang_up(loop);
}

/* A periodic timer runs on only when it is read. */
static void rearm(int timer_fd)
{
	uint64_t ticks;

	if (read(timer_fd, &ticks, sizeof(ticks)) < 0 && errno != EAGAIN)
		log_error("cannot read a timer: %s", strerror(errno));
}

static void handle(struct loop *loop, enum source source, int fd)
{
	struct probe *probe = &loop->probe;

	if (source >= SOURCE_DRAIN && source <= SOURCE_WALK)
		rearm(fd);
	switch (source) {
	case SOURCE_SIGNAL:
		loop->is_stopping = true;
		break;
	case SOURCE_DRAIN:
		probe_drain(probe);
		break;
	case SOURCE_SCAN:
		probe_scan(probe, false);
		break;
	case SOURCE_STATS:
		probe_send_stats(probe);
		break;
	case SOURCE_WALK:
		probe_walk(probe);
		break;
	case SOURCE_LINKS:
		interfaces_receive(&probe->interfaces);
		break;
	case SOURCE_LISTEN:
		accept_collector(loop);
		break;
	case SOURCE_CLIENT:
		read_collector(loop);
		break;
	}
}

/* Two links per interface: a node with many pods needs more files than the usual 1024. */
static void allow_many_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files))
		log_warn("cannot raise the number of open files: %s", strerror(errno));
}

static int start(struct loop *loop, const struct options *options)
{
	struct probe *probe = &loop->probe;

	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0 || watch_signals(loop) || watch_timer(loop, SOURCE_DRAIN, DRAIN_INTERVAL_MS) ||
	    watch_timer(loop, SOURCE_SCAN, options->scan_interval_ms) ||
	    watch_timer(loop, SOURCE_STATS, STATS_INTERVAL_MS) || watch_timer(loop, SOURCE_WALK, WALK_INTERVAL_MS) ||
	    watch(loop, EPOLL_CTL_ADD, probe->interfaces.events_fd, SOURCE_LINKS, EPOLLIN)) {
		log_error("cannot set up the event loop: %s", strerror(errno));
		return -1;
	}
	probe_walk(probe);
	if (options->print) {
		probe_greet(probe);
		return 0;
	}
	if (server_listen(&probe->server, options->socket_path, options->socket_uid) ||
	    watch(loop, EPOLL_CTL_ADD, probe->server.listen_fd, SOURCE_LISTEN, EPOLLIN)) {
		log_error("cannot listen on %s: %s", options->socket_path, strerror(errno));
		return -1;
	}
	return 0;
}

static void run(struct loop *loop)
{
	struct epoll_event events[16];

	while (!loop->is_stopping) {
		int count = epoll_wait(loop->epoll_fd, events, 16, -1);

		for (int i = 0; i < count; i++)
			handle(loop, events[i].data.u64 >> 32, (uint32_t)events[i].data.u64);
		flush(loop);
	}
}

/* The last scan goes out, then GOODBYE; a collector that does not read in time misses it. */
static void say_goodbye(struct loop *loop)
{
	uint64_t deadline = mono_ns() + FAREWELL_MS * 1000000ull;
	struct probe *probe = &loop->probe;

	probe_scan(probe, true);
	probe_send_stats(probe);
	outbox_frame(&probe->outbox, CLASS_STATE, FRAME_GOODBYE, NULL, 0);
	flush(loop);
	while (probe->server.client_fd >= 0 && !outbox_is_empty(&probe->outbox) && mono_ns() < deadline) {
		usleep(5000);
		flush(loop);
	}
}

int main(int argc, char **argv)
{
	static struct loop loop;
	pid_t parent = getppid();
	struct options options;
	int err;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	/* It may have died before it could be watched. */
	if (getppid() != parent)
		return EXIT_FAILURE;
	options_parse(&options, argc, argv);
	if (options.check)
		return check_features();
	if (!kernel_can_run())
		return EXIT_PRIVILEGES;
	if (!take_lock()) {
		fprintf(stderr, "palomar-probe: another probe is watching this network namespace\n");
		return EXIT_SECOND_PROBE;
	}
	allow_many_files();
	err = probe_open(&loop.probe, &options);
	if (err)
		return err == -EPERM ? EXIT_PRIVILEGES : EXIT_FAILURE;
	loop.probe.server.client_fd = -1;
	if (start(&loop, &options))
		return EXIT_FAILURE;
	log_info("watching %u interfaces", loop.probe.interfaces.attached);
	run(&loop);
	say_goodbye(&loop);
	if (!options.print)
		server_close(&loop.probe.server);
	probe_close(&loop.probe);
	log_info("stopped");
	return 0;
}
