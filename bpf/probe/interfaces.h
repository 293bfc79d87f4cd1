/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The interfaces of this network namespace: attaches to each as it appears, says what it is and where its other end
 * lies, and lets go of it when it goes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "probe/kernel.h"
#include "probe/netns.h"
#include "probe/options.h"
#include "probe/outbox.h"
#include "probe/table.h"

struct interfaces {
	struct table table;
	const struct kernel *kernel;
	const struct options *options;
	int events_fd;
	int request_fd;
	int netns_fd; /* for questions asked while the answer to another is being read */
	struct netns_list namespaces;
	bool namespaces_are_fresh; /* listed since the latest event */
	uint32_t generation;	   /* of the latest full list */
	bool addresses_changed;
	uint32_t attached; /* now */
	uint64_t attach_failures;
};

/* 0, or a negative errno. */
int interfaces_open(struct interfaces *interfaces, const struct kernel *kernel, const struct options *options);
void interfaces_close(struct interfaces *interfaces);
/* Takes in what the kernel says has changed. */
void interfaces_receive(struct interfaces *interfaces);
/* Compares with the full list: where events were lost, or a peer has got its name since. 0, or a negative errno. */
int interfaces_refresh(struct interfaces *interfaces);
void interfaces_report(struct interfaces *interfaces, struct outbox *outbox);
void interfaces_forget_reported(struct interfaces *interfaces);
/* True when packets can no longer come through it. */
bool interfaces_is_gone(const struct interfaces *interfaces, uint32_t ifindex);
/* Drops those that are gone, once their flows have ended. */
void interfaces_sweep(struct interfaces *interfaces);
/* What the interface alone says of the packets on it; wire.h says what each claims. */
enum encryption interfaces_encryption(const struct interfaces *interfaces, uint32_t ifindex);
/* 0 if its other end is not in another namespace. */
uint32_t interfaces_peer_netns(const struct interfaces *interfaces, uint32_t ifindex);
