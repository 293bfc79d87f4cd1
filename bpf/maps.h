/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the kernel programs keep in their maps and the probe reads: shared by palomar.bpf.c and probe/, never sent.
 */
#pragma once

#include "wire.h"

/* A copy of a TCP connection's start, each way, before anyone has said what it speaks. */
#define L7_PROBED_SEGMENTS 16
/* Most payload bytes in one L7 record. */
#define L7_CHUNK_BYTES 4096
/* Chunks of one packet: the largest GSO packet is 64 KiB. */
#define L7_CHUNKS 16
/* Payload copied after something that looks like the start of an HTTP message; a longer body is not copied on. */
#define L7_MESSAGE_BYTES (L7_CHUNK_BYTES * L7_CHUNKS)
/* Segments this short are always worth copying: the end of a body, or a start line cut in two. */
#define L7_SMALL_BYTES 256
/* Of protocols whose messages start where the other side has spoken: so much of a segment, and of all until it speaks. */
#define L7_HEAD_BYTES 512
#define L7_TURN_HEADS (8 * L7_HEAD_BYTES)
/* How far into a body segment the kernel looks for the next pipelined message. */
#define L7_SEARCH_BYTES 512

#define INITIATOR_UNKNOWN 2
#define NOBODY		  2

/* Counted since the map was last swapped; the probe adds these up per flow. */
struct flow_counts {
	__u64 first_ns;
	__u64 last_ns;
	__u64 bytes[2];
	__u64 packets[2];
	__u32 tcp_flags[2];
	__u8 initiator; /* as in struct flow_record; without a handshake, who sent the first packet */
	__u8 rst_by;
	__u8 ingress[2];
	__u8 icmp_type[2];
	__u8 icmp_code[2];
	/* From here on rarely written: on another cache line than the above. */
	__u64 syn_ns;	    /* the first SYN with this sequence number, 0 if there was none */
	__u64 syn_ack_ns;   /* the first answer to it */
	__u32 syn_sequence; /* tells a SYN sent again from a new connection on the same ports */
	__u32 zero_windows[2];
	__u32 resets[2];
	__u32 icmp_errors; /* counted without a packet of this conversation */
	__u8 icmp_error_type;
	__u8 icmp_error_code;
	__u8 carries;	    /* enum tunnel */
	__u8 is_not_copied; /* until the maps are swapped: no payload of it is copied here */
	__u32 secured;	    /* packets that xfrm has decrypted, or a device will encrypt */
};

struct drop_key {
	struct flow_key flow;
	__u64 location;
	__u32 netns_inum;
	__u32 reason;
	__u32 device_ifindex;
	__u8 sender;
	__u8 route_error; /* as in struct drop_record */
	__u8 pad[2];
};

struct drop_counts {
	__u64 first_ns;
	__u64 last_ns;
	__u64 packets;
	__u64 bytes;
	__u32 tcp_flags;
	__u8 icmp_type;
	__u8 pad[3];
	char device[16];
};

/* Keyed by the flow without its interface: of all that see a connection, only the owner copies it. */
struct l7_state {
	__u32 owner_ifindex;
	__u32 copy;	   /* enum l7_copy */
	__u32 segments[2]; /* copied while probing, by sender */
	__u32 credit[2];   /* bytes that may still be copied of the message under way, by sender */
	__u32 speaker;	   /* who sent the latest payload, while turns matter; NOBODY before */
	__u32 pad;
};

/* A socket as the walk over all tasks' files sees it: a socket_record without its unit, and the TCP figures. */
struct socket_sighting {
	__u8 record[__builtin_offsetof(struct socket_record, unit)];
	__u32 srtt_us;
	__u32 retransmits; /* since the socket was opened */
};

/* Who called connect(), until the connection has its port. */
struct connecting {
	__u64 cgroup_id;
	__u32 pid;
	__u32 has_failed; /* after packets were sent: the call that waits for it is told of in a tcp_record */
	char comm[16];
	__u8 asked[16]; /* the address that the caller named */
	__u16 asked_port;
	__u8 has_asked;
	__u8 pad[5];
};

/* Calls that failed before a packet was made, added up by who called and where to. */
struct failure_key {
	__u8 remote[16];
	__u32 netns_inum;
	__u32 pid;
	__u32 error;
	__u16 remote_port;
	__u8 protocol;
	__u8 family;
};

struct failure_counts {
	__u8 local[16];
	__u64 last_ns;
	__u64 cgroup_id;
	__u32 count;
	__u16 local_port;
	__u8 pad[2];
	char comm[16];
};

/* What is said of drop reasons one by one is said of those below this number. */
#define REASON_BITS 512
/* Where those are added up that have no place of their own. */
#define REASON_OTHER (REASON_BITS - 1)

/* Drops of one reason that are in no map of drops. */
struct reason_counts {
	__u64 filtered; /* calls: they are no drops */
	__u64 unparsed; /* calls: no IP header could be read */
	__u64 lost;	/* packets: the map was full */
};

_Static_assert(sizeof(struct flow_counts) == 112, "map layout");
_Static_assert(sizeof(struct drop_key) == 72, "map layout");
_Static_assert(sizeof(struct drop_counts) == 56, "map layout");
_Static_assert(sizeof(struct l7_state) == 32, "map layout");
_Static_assert(sizeof(struct socket_sighting) == 88, "map layout");
_Static_assert(sizeof(struct failure_key) == 32, "map layout");
_Static_assert(sizeof(struct failure_counts) == 56, "map layout");
