// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * The table of non-drops. Names, not numbers: numbers move between kernels. A line here hides something from the
 * user, so each says why it is no drop; NO_SOCKET of a closed port, for one, stays visible.
 */
#include "probe/drop_filter.h"

#include <stddef.h>
#include <string.h>

struct quiet {
	const char *reason;
	const char *symbol; /* NULL: everywhere */
};

static const struct quiet table[] = {
	/* The packet did its work. */
	{ "SKB_NOT_DROPPED_YET", NULL },
	{ "SKB_CONSUMED", NULL },
	/* A closing socket empties its queues; the peer is told by FIN or RST. */
	{ "QUEUE_PURGE", NULL },
	{ "SOCKET_CLOSE", NULL },
	{ "NOT_SPECIFIED", "udp_destruct_common" },
	{ "TCP_ABORT_ON_DATA", NULL },
	{ "TCP_CLOSE", NULL },
	{ "TCP_RESET", NULL },
	/* Repeats, and what came twice or late: TCP has the data already. */
	{ "TCP_OLD_DATA", NULL },
	{ "TCP_OLD_SEQUENCE", NULL },
	{ "TCP_OLD_ACK", NULL },
	{ "TCP_OFOMERGE", NULL },
	{ "TCP_RFC7323_PAWS_ACK", NULL },
	{ "TCP_RFC7323_TW_PAWS", NULL },
	{ "DUP_FRAG", NULL },
	/* Meant for someone else: a bridge floods, a tap listens. */
	{ "OTHERHOST", NULL },
	{ "UNICAST_IN_L2_MULTICAST", NULL },
	{ "PACKET_SOCK_ERROR", NULL },
	{ "TAP_FILTER", NULL },
	{ "TAP_TXFILTER", NULL },
	{ "IPV6_NDISC_NS_OTHERHOST", NULL },
	{ "LOCAL_MAC", NULL },
	{ "ARP_PVLAN_DISABLE", NULL },
	{ "MAC_IEEE_MAC_CONTROL", NULL },
	{ "BRIDGE_INGRESS_STP_STATE", NULL },
	/* Unix sockets, not the network. */
	{ "UNIX_DISCONNECT", NULL },
	{ "UNIX_SKIP_OOB", NULL },
	/* An acknowledgement that arrives while one side has closed has been taken in before it is freed. */
	{ "NOT_SPECIFIED", "tcp_rcv_state_process" },
	/* The tail of a closed connection: TIME_WAIT has answered it. What fails in these two has a reason of its own. */
	{ "NOT_SPECIFIED", "tcp_v4_rcv" },
	{ "NOT_SPECIFIED", "tcp_v6_rcv" },
	/* A successful ping: the reply was handed to the pinger before. */
	{ "NO_SOCKET", "ping_rcv" },
	{ "NOT_SPECIFIED", "ping_rcv" },
	/* Multicast nobody here joined. */
	{ "NOT_SPECIFIED", "ip6_mc_input" },
	{ "NOT_SPECIFIED", "ip_mc_output" },
	/* Neighbour and group membership talk that has been read. */
	{ "NOT_SPECIFIED", "ndisc_rcv" },
	{ "NOT_SPECIFIED", "icmpv6_rcv" },
	{ "NOT_SPECIFIED", "igmp_rcv" },
	{ "NOT_SPECIFIED", "igmp6_event_query" },
	{ "NOT_SPECIFIED", "igmp6_event_report" },
	/* Packet taps have their copy. */
	{ "NOT_SPECIFIED", "packet_rcv" },
	{ "NOT_SPECIFIED", "tpacket_rcv" },
};

static bool finds(const char *reason, const char *symbol)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (strcmp(table[i].reason, reason))
			continue;
		if (symbol ? table[i].symbol && !strcmp(table[i].symbol, symbol) : !table[i].symbol)
			return true;
	}
	return false;
}

bool drop_is_quiet_everywhere(const char *reason)
{
	return finds(reason, NULL);
}

bool drop_is_quiet_at(const char *reason, const char *symbol)
{
	return finds(reason, symbol);
}

bool drop_may_be_by_route(const char *reason)
{
	static const char *const vague[] = { "NOT_SPECIFIED", "IP_INNOROUTES", "IP_OUTNOROUTES", "IP_INADDRERRORS" };

	for (size_t i = 0; i < sizeof(vague) / sizeof(vague[0]); i++)
		if (!strcmp(vague[i], reason))
			return true;
	return false;
}
