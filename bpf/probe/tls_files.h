/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Which files hold a TLS library that someone uses, and the programs attached to each. */
#pragma once

#include "probe/kernel.h"
#include "probe/table.h"

struct tls_files {
	struct table table;
	struct kernel *kernel;
	bool is_refused; /* said as missing already */
};

/* 0, or a negative errno when sockets cannot be watched. */
int tls_files_open(struct tls_files *files, struct kernel *kernel);
void tls_files_free(struct tls_files *files);
/* Attaches to libraries that have come into use since the last time. */
void tls_files_walk(struct tls_files *files);
