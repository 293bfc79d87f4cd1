/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * is_secured(skb): whether the packet carries the kernel's note that xfrm has decrypted it, or handed it to a device
 * that will encrypt it. A packet that xfrm is to encrypt later has no such note yet: here that is no evidence.
 */
#pragma once

extern void *bpf_cast_to_kern_ctx(void *context) __ksym __weak;

static __always_inline bool is_secured(struct __sk_buff *skb)
{
	struct sk_buff *kernel_skb;

	if (!bpf_cast_to_kern_ctx || !bpf_core_enum_value_exists(enum skb_ext_id, SKB_EXT_SEC_PATH))
		return false;
	kernel_skb = bpf_cast_to_kern_ctx(skb);
	return kernel_skb->active_extensions & 1 << bpf_core_enum_value(enum skb_ext_id, SKB_EXT_SEC_PATH);
}
