// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * The parsers in user space, on arbitrary bytes: no read outside of the packet, which AddressSanitizer watches over,
 * and what they answer is consistent.
 *
 * An input is one byte of choices, one that says how much of the packet lies in the skb's first piece, then the packet.
 */
#define BPF_NO_PRESERVE_ACCESS_INDEX
#include "vmlinux.h"

#define SEC(name)
#define __noinline	    __attribute__((noinline))
#define __always_inline	    inline __attribute__((always_inline))
#define __uint(name, value) int(*name)[value]
#define __type(name, value) value *name

#include <bpf/bpf_endian.h>

#include "maps.h"

#define NULL	   ((void *)0)
#define PACKET_MAX 4096
/* A tc program's packet pointers have 32 bits. */
#define LINEAR_AT ((unsigned char *)0x10000000)

void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *one, const void *other, size_t size);
void *malloc(size_t size);
void free(void *memory);
void *mmap(void *at, size_t size, int protection, int flags, int fd, long offset);
void abort(void);
int printf(const char *format, ...);
void __asan_poison_memory_region(const volatile void *from, size_t size);
void __asan_unpoison_memory_region(const volatile void *from, size_t size);

#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			printf("does not hold: %s\n", #condition);                                                     \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

static const unsigned char *packet_bytes;
static __u32 packet_size, unparsed;
/* The one entry of the map of fragments. */
static unsigned char remembered_key[48];
static __u32 remembered_ports;
static bool is_remembered;

static long bpf_skb_load_bytes(const struct __sk_buff *skb, __u32 offset, void *to, __u32 size)
{
	if (offset > packet_size || size > packet_size - offset)
		return -14;
	memcpy(to, packet_bytes + offset, size);
	return 0;
}

static long bpf_probe_read_kernel(void *to, __u32 size, const void *from)
{
	memcpy(to, from, size);
	return 0;
}

static void *bpf_map_lookup_elem(void *map, const void *key)
{
	return is_remembered && !memcmp(key, remembered_key, sizeof(remembered_key)) ? &remembered_ports : NULL;
}

static long bpf_map_update_elem(void *map, const void *key, const void *value, __u64 flags)
{
	memcpy(remembered_key, key, sizeof(remembered_key));
	memcpy(&remembered_ports, value, sizeof(remembered_ports));
	is_remembered = true;
	return 0;
}

static void stat_add(__u32 stat, __u64 amount)
{
	CHECK(stat == STAT_INNER_UNPARSED);
	unparsed += amount;
}

#include "parse.bpf.h"
#include "fragment.bpf.h"
#include "tunnel.bpf.h"
#include "packet.bpf.h"

_Static_assert(sizeof(struct fragment_key) == sizeof(remembered_key), "the map's key");
_Static_assert(sizeof(struct fragment_ports) == sizeof(remembered_ports), "the map's value");

static void check_key(const struct packet *packet)
{
	const struct flow_key *key = &packet->key;
	int order = memcmp(key->addr_a, key->addr_b, 16);

	CHECK(order < 0 || (order == 0 && key->port_a <= key->port_b));
	CHECK(!memcmp(packet->sender ? key->addr_b : key->addr_a, &packet->from, 16));
	CHECK((packet->sender ? key->port_b : key->port_a) == packet->from_port);
	CHECK((packet->sender ? key->port_a : key->port_b) == packet->to_port);
	CHECK(packet->sender <= 1 && packet->initiator <= INITIATOR_UNKNOWN);
	CHECK(!key->pad && !key->tunnel && !key->tunnel_id && !key->ifindex);
	CHECK(key->family == 4 || key->family == 6);
	if (key->family == 4)
		CHECK(!packet->from.halves[0] && packet->from.words[2] == bpf_htonl(0xffff));
	CHECK(key->protocol == IPPROTO_TCP || !packet->tcp_flags);
	CHECK(!(packet->tcp_flags & ~TCP_FLAGS_MASK));
}

static void check_packet(const struct packet *packet)
{
	check_key(packet);
	CHECK(packet->payload_length <= packet_size);
	CHECK(!packet->payload_length || packet->payload_offset <= packet_size - packet->payload_length);
	CHECK(packet->carries || !packet->inner);
	CHECK(!packet->carries || packet->fragment != FRAGMENT_LATER);
	CHECK(!packet->is_icmp_error || packet->key.protocol == IPPROTO_ICMP ||
	      packet->key.protocol == PROTOCOL_ICMPV6);
}

/* What lies inside: read, or refused, and never beyond the packet. */
static void check_inside(struct __sk_buff *skb, const struct packet *outer)
{
	struct cursor cursor = { .skb = skb, .offset = outer->payload_offset, .end = packet_size };
	struct packet inside = {};

	if (outer->is_icmp_error) {
		if (!parse_quoted(&cursor, &inside))
			check_key(&inside);
		return;
	}
	cursor.end = outer->payload_offset + outer->payload_length;
	if (outer->inner == INNER_ETHERNET && parse_link(&cursor))
		return;
	if (outer->inner && !parse_ip(&cursor, &inside, true))
		check_packet(&inside);
}

/* As drops read it: from kernel memory, at the IP header. Both must see the same conversation. */
static void check_kernel_memory(const struct packet *expected, bool is_ethernet)
{
	struct cursor link = { .head = packet_bytes, .end = packet_size };
	struct packet packet = {};

	if ((is_ethernet && parse_link(&link)) || parse_ip(&link, &packet, false))
		CHECK(!expected);
	else if (expected && expected->fragment != FRAGMENT_LATER)
		CHECK(!memcmp(&packet.key, &expected->key, sizeof(packet.key)));
}

static void check_all(struct __sk_buff *skb, bool is_ethernet)
{
	struct packet usual, any;
	int has_usual, has_any;

	memset(&usual, 0, sizeof(usual));
	memset(&any, 0, sizeof(any));
	has_usual = !packet_read_usual(skb, &usual, is_ethernet);
	has_any = !packet_read_any(skb, &any, is_ethernet);
	check_kernel_memory(has_any ? &any : NULL, is_ethernet);
	CHECK(!has_usual || has_any);
	if (!has_any)
		return;
	check_packet(&any);
	check_inside(skb, &any);
	/* The short way does not read the number, which it has no use for. */
	usual.fragment_id = any.fragment_id;
	CHECK(!has_usual || !memcmp(&usual, &any, sizeof(any)));
}

static void make_linear_memory(void)
{
	static bool is_made;

	if (!is_made)
		CHECK(mmap(LINEAR_AT, PACKET_MAX, 3, 0x32, -1, 0) == LINEAR_AT); /* private, fixed, anonymous */
	is_made = true;
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	struct __sk_buff skb = { .ifindex = 0 };
	unsigned char *bytes;
	__u32 linear;

	if (size < 2 || size > PACKET_MAX)
		return 0;
	make_linear_memory();
	packet_size = size - 2;
	bytes = malloc(packet_size);
	memcpy(bytes, data + 2, packet_size);
	packet_bytes = bytes;
	linear = data[1] == 255 || data[1] > packet_size ? packet_size : data[1];
	__asan_unpoison_memory_region(LINEAR_AT, PACKET_MAX);
	memcpy(LINEAR_AT, bytes, linear);
	__asan_poison_memory_region(LINEAR_AT + linear, PACKET_MAX - linear);
	skb.len = packet_size;
	skb.data = (__u64)LINEAR_AT;
	skb.data_end = skb.data + linear;
	if (data[0] & 2)
		is_remembered = false;
	check_all(&skb, data[0] & 1);
	free(bytes);
	return 0;
}
