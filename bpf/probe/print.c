// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* One line per record: its type, then key=value. */
#include "probe/print.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_PAYLOAD 60

static const char *address_text(const __u8 *address, char *text)
{
	static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (!memcmp(address, mapped, sizeof(mapped)))
		return inet_ntop(AF_INET, address + 12, text, INET6_ADDRSTRLEN);
	return inet_ntop(AF_INET6, address, text, INET6_ADDRSTRLEN);
}

static void print_key(const struct flow_key *key)
{
	char a[INET6_ADDRSTRLEN], b[INET6_ADDRSTRLEN];

	printf(" a=%s,%u b=%s,%u protocol=%u family=%u ifindex=%u", address_text(key->addr_a, a), key->port_a,
	       address_text(key->addr_b, b), key->port_b, key->protocol, key->family, key->ifindex);
}

static void print_flow(const struct flow_record *flow)
{
	printf("flow");
	print_key(&flow->key);
	printf(" kind=%u end=%u initiator=%u rst_by=%u bytes=%llu,%llu packets=%llu,%llu flags=%x,%x ingress=%u,%u "
	       "icmp=%u,%u",
	       flow->kind, flow->end_cause, flow->initiator, flow->rst_by, flow->bytes[0], flow->bytes[1],
	       flow->packets[0], flow->packets[1], flow->tcp_flags[0], flow->tcp_flags[1], flow->ingress[0],
	       flow->ingress[1], flow->icmp_type[0], flow->icmp_type[1]);
	printf(" srtt_us=%u retransmits=%u cgroup=%llu handshake_us=%u zero_windows=%u,%u resets=%u,%u", flow->srtt_us,
	       flow->retransmits, flow->cgroup_id, flow->handshake_us, flow->zero_windows[0], flow->zero_windows[1],
	       flow->resets[0], flow->resets[1]);
	printf(" icmp_errors=%u,%u,%u encryption=%u carries=%u tunnel=%u,%u\n", flow->icmp_errors,
	       flow->icmp_error_type, flow->icmp_error_code, flow->encryption, flow->carries, flow->key.tunnel,
	       flow->key.tunnel_id);
}

static void print_drop(const struct drop_record *drop)
{
	printf("drop");
	print_key(&drop->key);
	printf(" sender=%u packets=%llu bytes=%llu reason=%u location=%llx netns=%u device=%s,%u flags=%x icmp=%u "
	       "route=%u\n",
	       drop->sender, drop->packets, drop->bytes, drop->reason, drop->location, drop->netns_inum, drop->device,
	       drop->device_ifindex, drop->tcp_flags, drop->icmp_type, drop->route_error);
}

static void print_l7(const struct l7_record *l7)
{
	const unsigned char *payload = (const unsigned char *)(l7 + 1);

	printf("l7");
	print_key(&l7->key);
	printf(" sender=%u sequence=%u length=%u captured=%u copy=%u plaintext=%u payload=", l7->sender, l7->sequence,
	       l7->payload_length, l7->captured, l7->copy_mode, l7->header.flags & L7_PLAINTEXT);
	for (__u32 i = 0; i < l7->captured && i < SHOWN_PAYLOAD; i++)
		putchar(isprint(payload[i]) && payload[i] != ' ' ? payload[i] : '.');
	putchar('\n');
}

static void print_interface(const struct interface_record *interface)
{
	const __u8(*addresses)[16] = (const void *)(interface + 1);
	char text[INET6_ADDRSTRLEN];

	printf("interface ifindex=%u name=%s state=%u veth=%u peer=%u,%s error=%u addresses=", interface->ifindex,
	       interface->name, interface->state, interface->is_veth, interface->peer_netns_inum,
	       interface->peer_netns_name, interface->error);
	for (__u32 i = 0; i < interface->address_count; i++)
		printf("%s%s", i ? "," : "", address_text(addresses[i], text));
	putchar('\n');
}

static void print_socket(const struct socket_record *socket)
{
	char local[INET6_ADDRSTRLEN], remote[INET6_ADDRSTRLEN];

	printf("socket local=%s,%u remote=%s,%u protocol=%u family=%u state=%u netns=%u pid=%u cgroup=%llu comm=%.16s "
	       "unit=%.128s\n",
	       address_text(socket->local, local), socket->local_port, address_text(socket->remote, remote),
	       socket->remote_port, socket->protocol, socket->family, socket->state, socket->netns_inum, socket->pid,
	       socket->cgroup_id, socket->comm, socket->unit);
}

static void print_tcp(const struct tcp_record *tcp)
{
	printf("tcp");
	print_key(&tcp->key);
	printf(" local=%u state=%u old_state=%u srtt_us=%u min_rtt_us=%u retransmits=%u error=%u netns=%u pid=%u "
	       "cgroup=%llu\n",
	       tcp->local, tcp->state, tcp->old_state, tcp->srtt_us, tcp->min_rtt_us, tcp->retransmits, tcp->error,
	       tcp->netns_inum, tcp->pid, tcp->cgroup_id);
}

static void print_connect(const struct connect_record *failed)
{
	char local[INET6_ADDRSTRLEN], remote[INET6_ADDRSTRLEN];

	printf("connect local=%s,%u remote=%s,%u protocol=%u family=%u error=%u count=%u netns=%u pid=%u cgroup=%llu "
	       "comm=%.16s unit=%.128s\n",
	       address_text(failed->local, local), failed->local_port, address_text(failed->remote, remote),
	       failed->remote_port, failed->protocol, failed->family, failed->error, failed->count, failed->netns_inum,
	       failed->pid, failed->cgroup_id, failed->comm, failed->unit);
}

static void print_translation(const struct translation_record *translation)
{
	char client[INET6_ADDRSTRLEN], service[INET6_ADDRSTRLEN], backend[INET6_ADDRSTRLEN], seen_as[INET6_ADDRSTRLEN];

	printf("translation client=%s,%u service=%s,%u backend=%s,%u seen_as=%s,%u protocol=%u family=%u netns=%u "
	       "by=%u\n",
	       address_text(translation->client, client), translation->client_port,
	       address_text(translation->service, service), translation->service_port,
	       address_text(translation->backend, backend), translation->backend_port,
	       address_text(translation->seen_as, seen_as), translation->seen_as_port, translation->protocol,
	       translation->family, translation->netns_inum, translation->by);
}

static void print_record(const struct record_header *record)
{
	switch (record->type) {
	case RECORD_FLOW:
		print_flow((const void *)record);
		break;
	case RECORD_DROP:
		print_drop((const void *)record);
		break;
	case RECORD_L7:
		print_l7((const void *)record);
		break;
	case RECORD_INTERFACE:
		print_interface((const void *)record);
		break;
	case RECORD_SOCKET:
		print_socket((const void *)record);
		break;
	case RECORD_TCP:
		print_tcp((const void *)record);
		break;
	case RECORD_CONNECT:
		print_connect((const void *)record);
		break;
	case RECORD_TRANSLATION:
		print_translation((const void *)record);
		break;
	case RECORD_SYMBOL: {
		const struct symbol_record *symbol = (const void *)record;

		printf("symbol address=%llx name=%s\n", symbol->address, symbol->name);
		break;
	}
	}
}

static void print_stats(const __u64 *stats, size_t count)
{
	printf("stats");
	for (size_t i = 0; i < count; i++)
		printf(" %llu", stats[i]);
	putchar('\n');
}

void print_frame(const struct frame_header *header, const void *payload)
{
	const char *at = payload, *end = at + header->length;
	const struct hello *hello = payload;

	switch (header->type) {
	case FRAME_HELLO:
		printf("hello pid=%u boot=%llx netns=%u scan_interval_ms=%u\n%.*s", hello->probe_pid, hello->boot_id,
		       hello->netns_inum, hello->scan_interval_ms, hello->text_length, (const char *)(hello + 1));
		break;
	case FRAME_EVENTS:
		while (at + sizeof(struct record_header) <= end) {
			print_record((const struct record_header *)at);
			at += (((const struct record_header *)at)->length + 7) & ~7u;
		}
		break;
	case FRAME_STATS:
		print_stats(payload, header->length / sizeof(__u64));
		break;
	case FRAME_MAPS:
		for (const struct map_pressure *map = payload; (const char *)(map + 1) <= end; map++)
			printf("map %.16s entries=%llu max=%llu\n", map->name, map->entries, map->max_entries);
		break;
	case FRAME_REASONS:
		for (const struct reason_total *total = payload; (const char *)(total + 1) <= end; total++)
			printf("reason %u recorded=%llu filtered=%llu lost=%llu unparsed=%llu\n", total->reason,
			       total->recorded, total->filtered, total->lost, total->unparsed);
		break;
	case FRAME_GOODBYE:
		printf("goodbye\n");
		break;
	}
	fflush(stdout);
}
