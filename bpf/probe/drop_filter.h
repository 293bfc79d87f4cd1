/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What kfree_skb reports although nothing was dropped that anyone was waiting for. A reason is quiet everywhere, or
 * only where a given function says it.
 */
#pragma once

#include <stdbool.h>

bool drop_is_quiet_everywhere(const char *reason);
bool drop_is_quiet_at(const char *reason, const char *symbol);
/* Reasons that a route with an error of its own may stand behind. */
bool drop_may_be_by_route(const char *reason);
