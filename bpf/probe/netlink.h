/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The little of rtnetlink the probe needs: send a request, walk the answer. */
#pragma once

#include <linux/netlink.h>
#include <stdint.h>
#include <sys/types.h>

typedef void (*netlink_handler)(const struct nlmsghdr *message, void *context);

/* A socket subscribed to `groups` (RTMGRP_*), 0 for requests only; -1 with errno. */
int netlink_open(uint32_t groups);
/* Sends a request and hands every message of the answer on; 0, or a negative errno. */
int netlink_request(int fd, struct nlmsghdr *request, netlink_handler handler, void *context);
/* Hands on what has arrived, without waiting; -ENOBUFS if messages were lost. */
int netlink_receive(int fd, netlink_handler handler, void *context);
/* The payload of the attribute of that type among `length` bytes of attributes; NULL if absent or too short. */
const void *netlink_attribute(const void *attributes, size_t length, uint16_t type, size_t least);
/* The same, and how long it is. */
const void *netlink_nested(const void *attributes, size_t length, uint16_t type, size_t *found);
