// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The least a tc program can do: what the benchmark compares ours with. */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

SEC("tc")
int palomar_noop(struct __sk_buff *skb)
{
	return -1;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
