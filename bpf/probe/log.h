/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* One JSON line per message on stderr, with the levels of the other processes' logs. */
#pragma once

__attribute__((format(printf, 1, 2))) void log_info(const char *format, ...);
__attribute__((format(printf, 1, 2))) void log_warn(const char *format, ...);
__attribute__((format(printf, 1, 2))) void log_error(const char *format, ...);
