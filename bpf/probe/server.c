// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Listens, accepts, and takes the incoming stream apart into verdicts. */
#include "probe/server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int remove_stale(const char *path)
{
	struct stat found;

	if (lstat(path, &found))
		return errno == ENOENT ? 0 : -1;
	if (!S_ISSOCK(found.st_mode)) {
		errno = EEXIST;
		return -1;
	}
	return unlink(path);
}

static int bind_private(int fd, const char *path, uid_t uid)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask = umask(0177);
	int err;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	err = bind(fd, (struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (!err && uid != (uid_t)-1)
		err = lchown(path, uid, -1);
	return err ? err : listen(fd, 4);
}

int server_listen(struct server *server, const char *path, uid_t uid)
{
	*server = (struct server){ .path = path, .client_fd = -1 };
	server->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (server->listen_fd < 0 || remove_stale(path))
		return -1;
	return bind_private(server->listen_fd, path, uid);
}

int server_accept(struct server *server)
{
	int fd = accept4(server->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return -1;
	server_hang_up(server);
	server->client_fd = fd;
	return 0;
}

/* Takes one frame off the input: 1 if there was one, 0 if more must come, -1 if it is no frame. */
static int take_frame(struct server *server, void (*on_verdict)(const struct l7_verdict *, void *), void *context)
{
	struct frame_header header;
	struct l7_verdict verdict;
	uint32_t used;

	if (server->input_used < sizeof(header))
		return 0;
	memcpy(&header, server->input, sizeof(header));
	if (header.magic != PALOMAR_WIRE_MAGIC || header.length > PALOMAR_FRAME_MAX)
		return -1;
	used = sizeof(header) + header.length;
	if (header.type == FRAME_L7_VERDICT && header.length >= sizeof(verdict) && used <= sizeof(server->input)) {
		if (server->input_used < used)
			return 0;
		memcpy(&verdict, server->input + sizeof(header), sizeof(verdict));
		on_verdict(&verdict, context);
	} else if (used > server->input_used) {
		server->input_skip = used - server->input_used;
		used = server->input_used;
	}
	server->input_used -= used;
	memmove(server->input, server->input + used, server->input_used);
	return 1;
}

int server_read(struct server *server, void (*on_verdict)(const struct l7_verdict *, void *), void *context)
{
	ssize_t got;
	int taken;

	for (;;) {
		got = recv(server->client_fd, server->input + server->input_used,
			   sizeof(server->input) - server->input_used, MSG_DONTWAIT);
		if (got < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -1;
		if (got == 0)
			return -1;
		if (server->input_skip) {
			uint32_t skip = (uint32_t)got < server->input_skip ? (uint32_t)got : server->input_skip;

			server->input_skip -= skip;
			got -= skip;
			memmove(server->input, server->input + skip, got);
		}
		server->input_used += got;
		while ((taken = take_frame(server, on_verdict, context)) > 0)
			;
		if (taken < 0)
			return -1;
	}
}

void server_hang_up(struct server *server)
{
	if (server->client_fd >= 0)
		close(server->client_fd);
	server->client_fd = -1;
	server->input_used = server->input_skip = 0;
}

void server_close(struct server *server)
{
	server_hang_up(server);
	close(server->listen_fd);
	unlink(server->path);
}
