/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * How HTTP messages start: shared by l7.bpf.h, which copies what does, and the probe, which counts what it loses.
 * Nothing is parsed; `bytes` are the first 8 of a payload.
 */
#pragma once

#include "wire.h"

#define WORD(a, b, c, d) ((__u32)(a) | (__u32)(b) << 8 | (__u32)(c) << 16 | (__u32)(d) << 24)

static inline __attribute__((always_inline)) __u32 first_word(const __u8 *bytes)
{
	return WORD(bytes[0], bytes[1], bytes[2], bytes[3]);
}

/* A request line of HTTP/1. */
static inline __attribute__((always_inline)) _Bool is_http_request(const __u8 *bytes)
{
	switch (first_word(bytes)) {
	case WORD('G', 'E', 'T', ' '):
	case WORD('P', 'O', 'S', 'T'):
	case WORD('P', 'U', 'T', ' '):
	case WORD('H', 'E', 'A', 'D'):
	case WORD('D', 'E', 'L', 'E'):
	case WORD('P', 'A', 'T', 'C'):
	case WORD('O', 'P', 'T', 'I'):
	case WORD('C', 'O', 'N', 'N'):
	case WORD('T', 'R', 'A', 'C'):
		return 1;
	}
	return 0;
}

/* That, a status line, or the preface of HTTP/2. */
static inline __attribute__((always_inline)) _Bool is_http_start(const __u8 *bytes)
{
	switch (first_word(bytes)) {
	case WORD('P', 'R', 'I', ' '):
		return 1;
	case WORD('H', 'T', 'T', 'P'):
		return bytes[4] == '/';
	}
	return is_http_request(bytes);
}
