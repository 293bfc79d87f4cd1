/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Opens a classic tracepoint, whether or not tracefs is mounted. */
#pragma once

/* An event for a program to be attached to, or a negative errno. */
int tracepoint_open(const char *category, const char *name);
