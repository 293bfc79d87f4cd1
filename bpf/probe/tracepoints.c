// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* A tracepoint's number is in tracefs. Where that is not mounted a mount of it is made that nobody else sees. */
#include "probe/tracepoints.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/mount.h>
#include <linux/perf_event.h>

static const char *const mounted[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };

/* Needs CAP_SYS_ADMIN. */
static int mount_unseen(void)
{
	int fs = syscall(SYS_fsopen, "tracefs", FSOPEN_CLOEXEC), mount = -1;

	if (fs < 0)
		return -errno;
	if (!syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		mount = syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY);
	if (mount < 0)
		mount = -errno;
	close(fs);
	return mount;
}

static int open_directory(void)
{
	for (size_t i = 0; i < sizeof(mounted) / sizeof(mounted[0]); i++) {
		int fd = open(mounted[i], O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (fd >= 0 && !faccessat(fd, "events/syscalls", R_OK | X_OK, 0))
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return mount_unseen();
}

/* The tracepoint's number, or a negative errno. */
static int read_id(int directory, const char *category, const char *name)
{
	char path[128], text[16] = "";
	int fd, id = -EINVAL;

	snprintf(path, sizeof(path), "events/%s/%s/id", category, name);
	fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (read(fd, text, sizeof(text) - 1) > 0)
		id = atoi(text);
	close(fd);
	return id;
}

int tracepoint_open(const char *category, const char *name)
{
	struct perf_event_attr event = { .type = PERF_TYPE_TRACEPOINT, .size = sizeof(event) };
	int directory = open_directory(), id, fd;

	if (directory < 0)
		return directory;
	id = read_id(directory, category, name);
	close(directory);
	if (id < 0)
		return id;
	event.config = id;
	/* A program attached to it runs on every processor. */
	fd = syscall(SYS_perf_event_open, &event, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
