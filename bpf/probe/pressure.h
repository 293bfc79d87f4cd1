/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* How full the programs' maps are, before anything is lost to a full one. */
#pragma once

#include "probe/kernel.h"
#include "probe/outbox.h"

/* Sends a MAPS frame. Walks every hash map: for every few seconds, not for every scan. */
void pressure_report(const struct kernel *kernel, struct outbox *outbox);
