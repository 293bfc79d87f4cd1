/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Prints frames as text on stdout, one line per record: for people and for tests. */
#pragma once

#include "wire.h"

void print_frame(const struct frame_header *header, const void *payload);
