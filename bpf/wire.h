/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the probe says to the collector, and the little it hears back.
 *
 * The probe listens on a unix stream socket. On each accepted connection it sends one HELLO frame, then INTERFACE
 * and SOCKET frames for all it knows, then EVENTS frames as they come. Byte order is the host's (little endian on
 * every supported machine); every struct is padded by hand and grows only at its end. A change that moves a field
 * raises PALOMAR_WIRE_VERSION.
 *
 * A flow or drop record that was not wholly written to a connection goes out on the next one. What was written and not
 * read is lost with its reader, so a collector that leaves in order shuts its writing side down and reads to the end;
 * the last frame may be cut short there, and is then sent again.
 *
 * A recording is the byte stream of one connection, stored as it was sent.
 *
 * Keep in sync with collector/decode/wire.ts, whose offsets a test checks against this file's BTF.
 */
#pragma once

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#define PALOMAR_WIRE_VERSION 1
#define PALOMAR_WIRE_MAGIC   0x31524c50 /* "PLR1" */

/* Every frame, both ways: this header, then `length` bytes. */
struct frame_header {
	__u32 magic;
	__u16 version;
	__u16 type;	/* enum frame_type */
	__u32 length;	/* bytes that follow; at most PALOMAR_FRAME_MAX */
	__u32 sequence; /* frames sent on this connection so far, from 0: a jump is a loss */
	__u64 mono_ns;	/* CLOCK_MONOTONIC when the frame was sent */
	__u64 real_ns;	/* CLOCK_REALTIME at the same moment */
};

#define PALOMAR_FRAME_MAX (4u << 20)

enum frame_type {
	FRAME_HELLO = 1,  /* probe -> collector: struct hello, then text blobs */
	FRAME_EVENTS = 2, /* probe -> collector: records, each starting with struct record_header, 8-byte aligned */
	FRAME_STATS =
		3, /* probe -> collector: u64 counters, indexed by enum probe_stat; cumulative since probe start */
	FRAME_GOODBYE = 4,    /* probe -> collector: nothing; the probe is detaching by request */
	FRAME_L7_VERDICT = 5, /* collector -> probe: struct l7_verdict */
	FRAME_MAPS = 6,	      /* probe -> collector: struct map_pressure of each map, every few seconds */
	FRAME_REASONS = 7     /* probe -> collector: struct reason_total of each drop reason that was met, with STATS */
};

/*
 * HELLO payload: this struct, then `text_length` bytes of UTF-8 lines, each "key=value\n":
 *   kernel=6.18.0  node=host-1  missing=<feature>: <why and what mends it>  (missing may repeat)
 *   reason.<number>=<NAME>  (drop reasons from the running kernel's BTF, without the SKB_DROP_REASON_ prefix)
 */
struct hello {
	__u32 probe_pid;
	__u32 text_length;
	__u64 boot_id; /* changes with every probe start */
	__u64 mono_ns;
	__u64 real_ns;
	__u32 scan_interval_ms; /* how often flows and drops are read from the maps */
	__u32 l7_segment_bytes; /* most payload bytes one L7 record carries */
	__u32 netns_inum;	/* the network namespace the probe runs in */
	__u32 pad;
};

enum record_type {
	RECORD_FLOW = 1,
	RECORD_DROP = 2,
	RECORD_L7 = 3,
	RECORD_INTERFACE = 4,
	RECORD_SOCKET = 5,
	RECORD_SYMBOL = 6,
	RECORD_TCP = 7,
	RECORD_CONNECT = 8,
	RECORD_TRANSLATION = 9
};

struct record_header {
	__u16 type; /* enum record_type */
	__u16 flags;
	__u32 length; /* of the whole record with this header, before padding to 8 */
};

/*
 * One conversation as one interface saw it. `a` and `b` are ordered: the lower of (address, port) is `a`, addresses
 * compared as 16 bytes in network order, IPv4 as ::ffff:a.b.c.d. Index 0 of a pair counts a -> b, index 1 b -> a.
 * Ports are in host order. ICMP echo puts its identifier in both ports; other ICMP has 0 in both.
 */
struct flow_key {
	__u8 addr_a[16];
	__u8 addr_b[16];
	__u16 port_a;
	__u16 port_b;
	__u8 protocol; /* IPPROTO_* */
	__u8 family;   /* 4 or 6 */
	__u8 tunnel;   /* enum tunnel: the packets were inside of one when the interface saw them */
	__u8 pad;
	__u32 ifindex;	 /* in the probe's network namespace; 0 where no interface applies */
	__u32 tunnel_id; /* VNI or GRE key; 0 if it has none */
};

enum tunnel {
	TUNNEL_NONE = 0,
	TUNNEL_VXLAN = 1,
	TUNNEL_GENEVE = 2,
	TUNNEL_IPIP = 3, /* IPv4 or IPv6 directly inside of IPv4 or IPv6 */
	TUNNEL_GRE = 4,
	TUNNEL_WIREGUARD = 5, /* only as the outside: what is in it cannot be read */
	TUNNEL_ESP = 6	      /* the same */
};

/*
 * What one interface could tell of the encryption of a conversation that it saw in the clear.
 *
 * NONE claims this: IP packets of it, not inside of WireGuard or ESP, were on hardware (a device without a kind of its
 * own, a virtual machine's too) or on an interface that the user named as an uplink, and at least one of them had not
 * been through xfrm. It says nothing of TLS in the payload, nor of what the network encrypts further on.
 */
enum encryption {
	ENCRYPTION_UNKNOWN = 0,
	ENCRYPTION_NONE = 1,	  /* went over a link between machines in the clear */
	ENCRYPTION_WIREGUARD = 2, /* went in or out of a WireGuard device */
	ENCRYPTION_IPSEC = 3	  /* was transformed by xfrm, or went in or out of a device that does that */
};

enum flow_kind { FLOW_START = 1, FLOW_UPDATE = 2, FLOW_END = 4 }; /* a short flow is START | END in one record */

enum end_cause { END_NONE = 0, END_FIN = 1, END_RST = 2, END_TIMEOUT = 3, END_INTERFACE_GONE = 4 };

/*
 * Counters are what happened since the previous record of the same key: a sum over records is the truth. A connection
 * that closes is held back for one scan, so that a short one is START | END at once; an END may have nothing to count.
 * A packet that comes after the END makes UPDATE | END with the old first_mono_ns; a SYN after it makes a new START.
 * A SYN that nobody answers ends with END_TIMEOUT 10 s after it was first sent. The same SYN sent again after that makes
 * UPDATE | END; an answer to it takes the END back: UPDATE, with the old first_mono_ns.
 */
struct flow_record {
	struct record_header header;
	struct flow_key key;
	__u64 first_mono_ns; /* first packet of the conversation on this interface */
	__u64 last_mono_ns;  /* latest packet counted here, to the tick of the kernel's clock: a few ms early */
	__u64 bytes[2];	     /* skb->len with the link header, as the interface's own counters have it */
	__u64 packets[2];    /* GSO segments */
	__u16 tcp_flags[2];  /* OR of the flags seen since the previous record, bits as in the TCP header; bit 8 = NS */
	__u8 kind;	     /* enum flow_kind bits */
	__u8 end_cause;
	__u8 initiator;	   /* 0: a opened it, 1: b opened it, 2: not seen (joined mid-connection) */
	__u8 rst_by;	   /* 0 a, 1 b, 2 nobody */
	__u8 ingress[2];   /* 1 if packets of that direction came into the host's stack through this interface
				  (from a pod: its veth's ingress), 0 if they left through it, 2 if none were seen */
	__u8 icmp_type[2]; /* type of the latest ICMP packet each way */
	__u8 icmp_code[2];
	__u8 pad[2];
	__u32 srtt_us;	       /* kernel's smoothed RTT if known, else 0 */
	__u32 retransmits;     /* since the previous record, if known */
	__u64 cgroup_id;       /* of the local socket, 0 if unknown */
	__u32 zero_windows[2]; /* segments that said the sender's receive window is closed */
	__u32 resets[2];       /* RST segments, by sender */
	__u32 icmp_errors;     /* ICMP errors that quoted a packet of this conversation */
	__u8 icmp_error_type;  /* of the latest one */
	__u8 icmp_error_code;
	__u8 encryption;    /* enum encryption */
	__u8 carries;	    /* enum tunnel: this conversation is the outside of one */
	__u32 handshake_us; /* first SYN, not its repetition, to first SYN-ACK as the interface saw them; said once,
			       0 before and after, and where it did not see both */
	__u32 pad2;
};

/* Packets the kernel threw away, added up per (key, netns, reason, location) since the previous record. */
struct drop_record {
	struct record_header header;
	struct flow_key key;
	__u64 first_mono_ns;
	__u64 last_mono_ns;
	__u64 packets;
	__u64 bytes;
	__u64 location;	      /* kernel address; its name comes in a SYMBOL record before the first use */
	__u32 netns_inum;     /* 0 if unknown */
	__u32 reason;	      /* number in the running kernel; HELLO names it */
	__u32 device_ifindex; /* in netns_inum */
	__u8 sender;	      /* 0: a sent the packets, 1: b */
	__u8 icmp_type;
	__u16 tcp_flags;   /* OR over the packets */
	char device[16];   /* interface name, empty if unknown */
	__u32 route_error; /* errno of the route the packet was on, where the reason does not say it; else 0 */
	__u32 pad;
};

/* A copied payload segment: `captured` bytes follow the struct. */
struct l7_record {
	struct record_header header;
	struct flow_key key; /* ifindex: the one interface that copies this connection */
	__u64 mono_ns;
	__u32 sequence;	      /* TCP sequence number of the first captured byte; 0 for UDP */
	__u32 payload_length; /* bytes of payload from that byte to the end of the packet */
	__u32 captured;	      /* bytes that follow */
	__u8 sender;	      /* 0: a sent it, 1: b */
	__u8 tcp_flags;
	__u8 copy_mode; /* enum l7_copy at that moment */
	__u8 pad;
};

/*
 * Flag of an L7 record: the bytes were read before encryption or after decryption, at the TLS library. `sequence` then
 * counts plaintext bytes of that direction, from anywhere.
 */
#define L7_PLAINTEXT 1

/* What the kernel copies of a connection. */
enum l7_copy {
	L7_COPY_PROBING = 0,
	L7_COPY_ALL = 1,
	L7_COPY_NONE = 2,
	L7_COPY_HEADS = 3, /* the first 512 bytes of each segment, 4 KiB of a turn */
	L7_COPY_TURNS = 4  /* the first 64 KiB of each turn: what one side says before the other one answers */
};

/*
 * collector -> probe: stop or keep copying. Unknown keys are ignored. L7_COPY_ALL grants both ends another 64 KiB of
 * payload; a segment that starts like HTTP grants the same to its sender (l7.bpf.h says what is copied after that).
 * Under L7_COPY_HEADS and L7_COPY_TURNS nothing is looked for in the payload; segments of up to 256 bytes are copied
 * whole whatever was granted.
 */
struct l7_verdict {
	struct flow_key key; /* as in the L7 record */
	__u32 copy;	     /* enum l7_copy */
	__u32 pad;
};

enum interface_state { INTERFACE_ATTACHED = 1, INTERFACE_GONE = 2, INTERFACE_FAILED = 3, INTERFACE_SKIPPED = 4 };

/* An interface the probe watches, or why it does not. `address_count` addresses of 16 bytes follow the struct. */
struct interface_record {
	struct record_header header;
	__u32 ifindex;
	__u32 state;	       /* enum interface_state */
	__u32 peer_netns_inum; /* of a veth whose other end is elsewhere, else 0 */
	__u32 is_veth;
	char name[16];
	char peer_netns_name[64]; /* name under /run/netns, empty if it has none */
	__u32 address_count;	  /* the node's own addresses on this interface */
	__u32 error;		  /* errno of a failed attach */
};

/* Who owns a socket: from a walk over all tasks' files, and from state changes as they happen. */
struct socket_record {
	struct record_header header;
	__u8 local[16];	 /* wildcard: all zero, or ::ffff:0.0.0.0 of an IPv4 socket */
	__u8 remote[16]; /* all zero when not connected */
	__u16 local_port;
	__u16 remote_port;
	__u8 protocol;
	__u8 family;
	__u8 state; /* TCP state, 10 = LISTEN; 0 for UDP */
	__u8 pad;
	__u32 netns_inum;
	__u32 pid; /* thread group id */
	__u64 cgroup_id;
	char comm[16];
	char unit[128]; /* the task's cgroup path, tail kept if longer, empty if unknown */
};

/* Name of a kernel address, sent once before it is used. */
struct symbol_record {
	struct record_header header;
	__u64 address;
	char name[64];
};

/*
 * What a TCP socket of this machine knew of its connection when it was established and when it closed. The key's
 * ifindex is 0; its addresses are those the socket uses, before any translation on the way.
 */
struct tcp_record {
	struct record_header header;
	struct flow_key key;
	__u64 mono_ns;
	__u64 cgroup_id;
	__u32 srtt_us;
	__u32 min_rtt_us;
	__u32 retransmits; /* since the connection was opened */
	__u32 netns_inum;
	__u32 pid;   /* 0 if unknown */
	__u32 error; /* errno the socket closed with, 0 for none */
	__u8 local;  /* 0: a is this socket, 1: b */
	__u8 state;  /* TCP state it entered: 1 established, 7 closed */
	__u8 old_state;
	__u8 pad;
	__u32 pad2;
};

/* Calls that failed before a packet was made: no route, no permission, no address. */
struct connect_record {
	struct record_header header;
	__u8 remote[16];
	__u8 local[16]; /* wildcard as in socket_record */
	__u64 mono_ns;	/* of the latest */
	__u64 cgroup_id;
	__u32 netns_inum;
	__u32 pid;
	__u32 error; /* errno */
	__u32 count; /* since the previous record of the same process, peer and errno */
	__u16 remote_port;
	__u16 local_port;
	__u8 protocol;
	__u8 family;
	__u8 pad[2];
	char comm[16];
	char unit[128]; /* as in socket_record */
};

enum translation_by { TRANSLATED_BY_CONNTRACK = 1, TRANSLATED_BY_CONNECT = 2 };

/* A client's connection to one address that goes to another: a service and the backend that was chosen. */
struct translation_record {
	struct record_header header;
	__u8 client[16];
	__u8 service[16]; /* the address the client asked for */
	__u8 backend[16];
	__u16 client_port;
	__u16 service_port;
	__u16 backend_port;
	__u8 protocol;
	__u8 family;
	__u32 netns_inum; /* where the client, or the conntrack table, is; 0 if unknown */
	__u8 by;	  /* enum translation_by */
	__u8 pad[3];
	__u8 seen_as[16]; /* the client as the backend sees it: another one if the source is translated too */
	__u16 seen_as_port;
	__u16 pad2[3];
};

/* Cumulative since the probe started; sent in a STATS frame every second, at least. Append only. */
enum probe_stat {
	STAT_PACKETS_SEEN = 0,	   /* tc program runs that counted a packet */
	STAT_PACKETS_UNPARSED = 1, /* not IP, or cut short */
	STAT_FLOW_MAP_FULL = 2,	   /* packets not accounted because the flow map was full */
	STAT_DROP_MAP_FULL = 3,
	STAT_RING_FULL = 4,   /* L7 records lost */
	STAT_FRAMES_LOST = 5, /* event bytes thrown away because no collector read them */
	STAT_L7_MAP_FULL = 6,
	STAT_L7_TRUNCATED = 7,	   /* segments of copied connections longer than what was captured */
	STAT_FLOW_MAP_ENTRIES = 8, /* gauge */
	STAT_FLOW_MAP_MAX = 9,	   /* gauge */
	STAT_DROPS_FILTERED = 10,  /* kfree_skb calls that are no drops (queue purge and the like) */
	STAT_INTERFACES = 11,	   /* gauge: attached now */
	STAT_ATTACH_FAILED = 12,
	STAT_DROPS_UNPARSED = 13,     /* dropped packets without a readable IP header */
	STAT_CONNECT_MAP_FULL = 14,   /* failed calls not accounted because their map was full */
	STAT_INNER_UNPARSED = 15,     /* counted packets of which what they quote or carry could not be read */
	STAT_TRANSLATIONS_LOST = 16,  /* times that conntrack told more than was read; a dump then fills the gap */
	STAT_TLS_LOST = 17,	      /* plaintext of a TLS library that could not be copied, or had no socket */
	STAT_HTTP_REQUESTS_LOST = 18, /* of the lost L7 records, those that begin with an HTTP/1 request line */
	STAT_COUNT = 19
};

/* How full a map is. Two maps that take turns end in _even and _odd. */
struct map_pressure {
	char name[16];
	__u64 entries; /* of a ring buffer: bytes not read yet */
	__u64 max_entries;
};

/*
 * What became of the drops of one reason since the probe started: all that kfree_skb told of, whatever the map of drops
 * has room for. Reasons of 511 and more are added up under 511.
 */
struct reason_total {
	__u32 reason;
	__u32 pad;
	__u64 recorded; /* packets: in a record, sent or about to be */
	__u64 filtered; /* no drops: calls where the reason says so, packets where the place does */
	__u64 lost;	/* packets: drops, for which there was no room */
	__u64 unparsed; /* calls: no IP header could be read */
};

/* Every struct is padded by hand: a compiler that lays one out differently must not build. */
_Static_assert(sizeof(struct frame_header) == 32, "wire layout");
_Static_assert(sizeof(struct hello) == 48, "wire layout");
_Static_assert(sizeof(struct record_header) == 8, "wire layout");
_Static_assert(sizeof(struct flow_key) == 48, "wire layout");
_Static_assert(sizeof(struct flow_record) == 168, "wire layout");
_Static_assert(sizeof(struct drop_record) == 136, "wire layout");
_Static_assert(sizeof(struct l7_record) == 80, "wire layout");
_Static_assert(sizeof(struct l7_verdict) == 56, "wire layout");
_Static_assert(sizeof(struct interface_record) == 112, "wire layout");
_Static_assert(sizeof(struct socket_record) == 208, "wire layout");
_Static_assert(sizeof(struct map_pressure) == 32, "wire layout");
_Static_assert(sizeof(struct reason_total) == 40, "wire layout");
_Static_assert(sizeof(struct symbol_record) == 80, "wire layout");
_Static_assert(sizeof(struct tcp_record) == 104, "wire layout");
_Static_assert(sizeof(struct connect_record) == 224, "wire layout");
_Static_assert(sizeof(struct translation_record) == 96, "wire layout");
