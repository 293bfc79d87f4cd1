// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Instantiates every wire struct, so that its BTF says where each field lies. */
#include "wire.h"

struct frame_header frame_header_layout;
struct hello hello_layout;
struct record_header record_header_layout;
struct flow_key flow_key_layout;
struct flow_record flow_record_layout;
struct drop_record drop_record_layout;
struct l7_record l7_record_layout;
struct l7_verdict l7_verdict_layout;
struct interface_record interface_record_layout;
struct socket_record socket_record_layout;
struct map_pressure map_pressure_layout;
struct reason_total reason_total_layout;
struct symbol_record symbol_record_layout;
struct tcp_record tcp_record_layout;
struct connect_record connect_record_layout;
struct translation_record translation_record_layout;
