// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Looks through the files that processes have mapped: every libssl, in whatever mount namespace, and programs with
 * OpenSSL built in that are known by name. A file is attached to once, for all its processes, also those to come.
 */
#include "probe/tls_files.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "palomar.skel.h"
#include "probe/log.h"

#define FILES_MAX  256
#define LINKS_MAX  9
#define PATH_BYTES 512

struct tls_file_key {
	uint64_t device;
	uint64_t inode;
};

struct tls_file {
	struct table_node node;
	struct tls_file_key key;
	struct bpf_link *links[LINKS_MAX];
};

/* Attached to before anyone has mapped them, so that a program that lives for a moment is seen. */
static const char *const usual[] = {
	"/lib*/libssl.so*",	     "/lib/*/libssl.so*", "/usr/lib*/libssl.so*", "/usr/lib/*/libssl.so*",
	"/usr/local/lib/libssl.so*", "/usr/bin/node",	  "/usr/local/bin/node",
};

int tls_files_open(struct tls_files *files, struct kernel *kernel)
{
	struct palomar_bpf *programs = kernel->programs;

	*files = (struct tls_files){ .kernel = kernel };
	table_init(&files->table, sizeof(struct tls_file_key), sizeof(struct tls_file));
	programs->links.watch_tls_sent = bpf_program__attach(programs->progs.watch_tls_sent);
	if (!programs->links.watch_tls_sent)
		return -errno;
	programs->links.watch_tls_received = bpf_program__attach(programs->progs.watch_tls_received);
	return programs->links.watch_tls_received ? 0 : -errno;
}

void tls_files_free(struct tls_files *files)
{
	struct tls_file *file;

	table_for_each (file, &files->table)
		for (int i = 0; i < LINKS_MAX; i++)
			bpf_link__destroy(file->links[i]);
	table_free(&files->table);
}

static int attach_all(struct tls_file *file, const struct palomar_bpf *programs, const char *path)
{
	const struct {
		const char *function;
		const struct bpf_program *program;
		bool is_end;
		bool is_optional; /* younger than the rest */
	} hooks[LINKS_MAX] = {
		{ "SSL_write", programs->progs.watch_tls_write, false, false },
		{ "SSL_write", programs->progs.watch_tls_end, true, false },
		{ "SSL_read", programs->progs.watch_tls_read, false, false },
		{ "SSL_read", programs->progs.watch_tls_end, true, false },
		{ "SSL_free", programs->progs.watch_tls_free, false, false },
		{ "SSL_write_ex", programs->progs.watch_tls_write_ex, false, true },
		{ "SSL_write_ex", programs->progs.watch_tls_end, true, true },
		{ "SSL_read_ex", programs->progs.watch_tls_read_ex, false, true },
		{ "SSL_read_ex", programs->progs.watch_tls_end, true, true },
	};

	for (int i = 0; i < LINKS_MAX; i++) {
		LIBBPF_OPTS(bpf_uprobe_opts, options, .func_name = hooks[i].function, .retprobe = hooks[i].is_end);

		file->links[i] = bpf_program__attach_uprobe_opts(hooks[i].program, -1, path, 0, &options);
		if (!file->links[i] && !hooks[i].is_optional)
			return -errno;
	}
	return 0;
}

/* A file that has none of the functions is remembered too, so that it is not tried again. */
static void consider(struct tls_files *files, const char *path)
{
	struct tls_file_key key;
	struct tls_file *file;
	struct stat found;
	int err;

	if (stat(path, &found) || !S_ISREG(found.st_mode))
		return;
	key = (struct tls_file_key){ found.st_dev, found.st_ino };
	if (table_find(&files->table, &key) || files->table.count >= FILES_MAX)
		return;
	file = table_add(&files->table, &key);
	if (!file)
		return;
	err = attach_all(file, files->kernel->programs, path);
	if (!err) {
		log_info("reading plaintext at %s", path);
		return;
	}
	for (int i = 0; i < LINKS_MAX; i++) {
		bpf_link__destroy(file->links[i]);
		file->links[i] = NULL;
	}
	if (!files->is_refused && err != -ENOENT)
		kernel_add_missing(files->kernel, "TLS plaintext: uprobes on %s cannot be attached (%s)", path,
				   strerror(-err));
	files->is_refused |= err != -ENOENT;
}

static void consider_usual(struct tls_files *files)
{
	glob_t found;

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		if (glob(usual[i], 0, NULL, &found))
			continue;
		for (size_t j = 0; j < found.gl_pathc; j++)
			consider(files, found.gl_pathv[j]);
		globfree(&found);
	}
}

static bool is_node(const char *process)
{
	char path[64], target[PATH_BYTES];
	const char *name;
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%.20s/exe", process);
	length = readlink(path, target, sizeof(target) - 1);
	if (length <= 0)
		return false;
	target[length] = 0;
	name = strrchr(target, '/');
	return name && (!strcmp(name, "/node") || !strcmp(name, "/nodejs"));
}

/* The libraries of a process, through its own root: it may be in a container. */
static void consider_maps(struct tls_files *files, const char *process)
{
	char path[PATH_BYTES * 2], line[PATH_BYTES], last[PATH_BYTES] = "";
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%.20s/maps", process);
	maps = fopen(path, "re");
	if (!maps)
		return;
	while (fgets(line, sizeof(line), maps)) {
		const char *name = strchr(line, '/');

		line[strcspn(line, "\n")] = 0;
		if (!name || !strstr(name, "/libssl") || !strcmp(name, last))
			continue;
		snprintf(last, sizeof(last), "%s", name);
		snprintf(path, sizeof(path), "/proc/%.20s/root%s", process, name);
		consider(files, path);
	}
	fclose(maps);
}

void tls_files_walk(struct tls_files *files)
{
	DIR *processes = opendir("/proc");
	const struct dirent *entry;
	char path[64];

	consider_usual(files);
	while (processes && (entry = readdir(processes))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		consider_maps(files, entry->d_name);
		if (!is_node(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/exe", entry->d_name);
		consider(files, path);
	}
	if (processes)
		closedir(processes);
}
