#!/bin/sh
# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
# The probe against real traffic: a "host" namespace that routes between two "pods", none of it in the machine's own
# namespace. With an argument, only the tests that have it in their names. Prints TAP; leaves no namespace, process or
# program behind.
set -u
cd "$(dirname "$0")/.." || exit 2

host=palomar-bpf-h a=palomar-bpf-a b=palomar-bpf-b
work=$(mktemp -d /tmp/palomar-bpf.XXXXXX)
count=0 failures=0 probe='' server='' only=${1:-}

# check NAME COMMAND...: one test; the command's output explains a failure.
check() {
	name=$1
	shift
	case $name in *"$only"*) ;; *) return ;; esac
	count=$((count + 1))
	if "$@" >"$work/why" 2>&1; then
		echo "ok $count - $name"
	else
		failures=$((failures + 1))
		echo "not ok $count - $name"
		cat "$work/err" "$work/why" | sed 's/^/# /' | tail -20
	fi
	if [ -n "$probe" ]; then
		kill -9 "$probe" 2>/dev/null
		wait "$probe" 2>/dev/null
	fi
	probe=''
}

# check_if COMMAND REASON NAME COMMAND...: a test of what not every kernel has.
check_if() {
	condition=$1 reason=$2
	shift 2
	if $condition >/dev/null 2>&1; then
		check "$@"
	else
		case $1 in *"$only"*) ;; *) return ;; esac
		count=$((count + 1))
		echo "ok $count - $1 # SKIP $reason"
	fi
}

clean_up() {
	[ -n "$probe" ] && kill "$probe" 2>/dev/null
	[ -n "$server" ] && kill "$server" 2>/dev/null
	for namespace in $a $b $host; do
		ip netns del $namespace 2>/dev/null
	done
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

in_ns() {
	namespace=$1
	shift
	ip netns exec "$namespace" "$@"
}

# pod NAMESPACE NUMBER: a routed veth, as a CNI makes it.
pod() {
	ip netns add "$1" &&
		ip link add "veth$2" netns $host type veth peer name eth0 netns "$1" &&
		ip -n $host addr add "169.254.$2.1/32" dev "veth$2" &&
		ip -n $host addr add "fd99:$2::1/64" dev "veth$2" nodad &&
		ip -n $host link set "veth$2" up &&
		ip -n $host route add "10.99.0.$2/32" dev "veth$2" &&
		ip -n "$1" addr add "10.99.0.$2/32" dev eth0 &&
		ip -n "$1" addr add "fd99:$2::2/64" dev eth0 nodad &&
		ip -n "$1" link set eth0 up && ip -n "$1" link set lo up &&
		ip -n "$1" route add "169.254.$2.1/32" dev eth0 scope link &&
		ip -n "$1" route add default via "169.254.$2.1" onlink dev eth0 &&
		ip -n "$1" -6 route add default via "fd99:$2::1"
}

topology() {
	ip netns add $host &&
		ip -n $host link set lo up &&
		in_ns $host sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding' &&
		pod $a 1 && pod $b 2 &&
		in_ns $a sh -c 'echo 0 0 > /proc/sys/net/ipv4/ping_group_range'
}

start_printing() {
	rm -f "$work/out" "$work/err"
	ip netns exec $host build/palomar-probe --print --scan-interval-ms 200 "$@" >"$work/out" 2>"$work/err" &
	probe=$!
	wait_for "$work/err" watching
}

# wait_for FILE TEXT: up to 10 s.
wait_for() {
	tries=100
	until grep -q "$2" "$1" 2>/dev/null; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.1
	done
}

stop_probe() {
	kill "$probe"
	wait "$probe"
	code=$?
	probe=''
	[ $code -eq 0 ] || { echo "exit code $code"; cat "$work/err"; return 1; }
}

# The machine's programs and links that are ours; others come and go as they like.
programs() {
	bpftool prog show | grep -E ' name (watch_|list_sockets)' | grep -oE '^[0-9]+: .* name [^ ]+' | sort
}

interface_counter() {
	in_ns $host cat "/sys/class/net/$1/statistics/$2"
}

ifindex_of() {
	in_ns $host cat "/sys/class/net/$1/ifindex"
}

# flow_bytes IFINDEX INGRESS FILE: bytes of all flow records that came in (1) or left (0) through the interface.
flow_bytes() {
	awk -v index_="ifindex=$1" -v way="$2" '
		$1 == "flow" && index($0, " " index_ " ") {
			for (i = 1; i <= NF; i++) {
				if ($i ~ /^bytes=/) { split($i, bytes, /[=,]/) }
				if ($i ~ /^ingress=/) { split($i, ingress, /[=,]/) }
			}
			if (ingress[2] == way) sum += bytes[2]
			if (ingress[3] == way) sum += bytes[3]
		}
		END { printf "%.0f", sum }' "$3"
}

# agrees COUNTED TRUE: within 0.1 %, and a few frames of ARP and neighbour discovery, which come and go beside it.
agrees() {
	echo "counted $1, interface $2"
	awk -v x="$1" -v y="$2" 'BEGIN { exit !(y > 0 && x <= y * 1.001 + 500 && x >= y * 0.999 - 500) }'
}

compare_counters() {
	rx=$(interface_counter veth1 rx_bytes) tx=$(interface_counter veth1 tx_bytes)
	in_ns $a build/traffic send "$1" 8080 "$2" || return 1
	sleep 1
	rx=$(($(interface_counter veth1 rx_bytes) - rx)) tx=$(($(interface_counter veth1 tx_bytes) - tx))
	index=$(ifindex_of veth1)
	stop_probe || return 1
	agrees "$(flow_bytes "$index" 1 "$work/out")" "$rx" && agrees "$(flow_bytes "$index" 0 "$work/out")" "$tx"
}

traffic_passes() {
	in_ns $a build/traffic ping 10.99.0.2 0 1 && in_ns $a build/traffic ping fd99:2::2 0 1 &&
		in_ns $a build/traffic connect 10.99.0.2 8080 1
}

counters_agree() {
	start_printing && compare_counters "$1" "$2"
}

# l7_bytes SENDER_IS_CLIENT: payload bytes copied from the side that does (1) or does not (0) hold port 8080.
l7_bytes() {
	awk -v client="$1" '
		$1 == "l7" {
			a_is_server = ($2 ~ /,8080$/)
			for (i = 1; i <= NF; i++) {
				if ($i ~ /^sender=/) sender = substr($i, 8)
				if ($i ~ /^captured=/) captured = substr($i, 10)
			}
			if ((sender == a_is_server) == client) sum += captured
		}
		END { printf "%.0f", sum }' "$work/out"
}

pipelining_is_copied_whole() {
	start_printing || return 1
	in_ns $a build/traffic pipeline "$1" 8080 "$2" "$3" || return 1
	stop_probe || return 1
	requests=$(l7_bytes 1) answers=$(l7_bytes 0)
	retransmitted=$(grep -c '^flow.* retransmits=[1-9]' "$work/out")
	echo "requests $requests of $(($2 * 90)), answers $answers of $(($2 * 40)), flows with retransmits $retransmitted"
	[ "$requests" -ge $(($2 * 90)) ] && [ "$answers" -ge $(($2 * 40)) ]
}

every_query_is_copied() {
	start_printing || return 1
	in_ns $a build/traffic query "$1" 53 1000 || return 1
	sleep 0.5
	index=$(ifindex_of veth1)
	stop_probe || return 1
	copied=$(grep -c '^l7.*,53 .* captured=40 ' "$work/out")
	# A few draw the same port: fewer flows than packets.
	packets=$(grep "^flow.*,53 protocol=17 .* ifindex=$index " "$work/out" | sed 's/.* packets=\([0-9]*\),\([0-9]*\) .*/\1 \2/' |
		awk '{ sum += $1 + $2 } END { print sum }')
	echo "copied $copied, packets $packets"
	[ "$copied" -eq 1000 ] && [ "$packets" -eq 1000 ]
}

# Closed connections: one record each, opened by the client, both ways counted.
short_connections_are_one_record() {
	start_printing || return 1
	in_ns $a build/traffic connect 10.99.0.2 8080 500 || return 1
	sleep 1
	index=$(ifindex_of veth1)
	stop_probe || return 1
	records=$(grep -c "^flow.*,8080 .* ifindex=$index kind=5 end=1 initiator=0 " "$work/out")
	all=$(grep -c "^flow.*,8080 .* ifindex=$index " "$work/out")
	echo "$records of 500 as one record, $all records"
	[ "$records" -ge 495 ] && [ "$all" -le 515 ]
}

one_drop_and_no_other() {
	start_printing || return 1
	in_ns $host nft -f - <<-EOF || return 1
		table inet palomar_bpf {
			chain forward {
				type filter hook forward priority 0; policy accept;
				ip saddr 10.99.0.1 tcp dport 443 drop
			}
		}
	EOF
	ip netns exec $a build/traffic send 10.99.0.2 443 10 2>/dev/null &
	blocked=$!
	in_ns $a build/traffic send 10.99.0.2 8080 1000000
	in_ns $a build/traffic pipeline fd99:2::2 8080 640 64
	in_ns $a build/traffic ping 10.99.0.2 0 3 && in_ns $a build/traffic ping fd99:2::2 0 3 || return 1
	sleep 1
	kill $blocked
	in_ns $host nft delete table inet palomar_bpf
	stop_probe || return 1
	reason=$(sed -n 's/^reason\.\([0-9]*\)=NETFILTER_DROP$/\1/p' "$work/out")
	grep -E '^(drop|symbol)' "$work/out"
	ours=$(grep '^drop' "$work/out" | grep -E '=(10\.99\.|fd99:)')
	[ -n "$ours" ] && ! echo "$ours" | grep -qv "b=10.99.0.2,443 .* sender=0 .* reason=$reason .* device=veth1," &&
		grep -q '^symbol .*name=nft_do_chain' "$work/out"
}

# On a bridge port every packet is "for another host".
drop_in_a_bridge_is_seen() {
	start_printing || return 1
	ip -n $host link add palomar-br type bridge && ip -n $host link set palomar-br up || return 1
	for namespace in $a $b; do
		ip link add "port-${namespace#palomar-}" netns $host type veth peer name bridged netns "$namespace" &&
			ip -n $host link set "port-${namespace#palomar-}" master palomar-br up &&
			ip -n "$namespace" link set bridged up || return 1
	done
	ip -n $a addr add 10.98.0.1/24 dev bridged && ip -n $b addr add 10.98.0.2/24 dev bridged || return 1
	in_ns $host nft add table bridge palomar_bpf || return 1
	in_ns $host nft add chain bridge palomar_bpf forward '{ type filter hook forward priority 0; }' || return 1
	in_ns $host nft add rule bridge palomar_bpf forward ip protocol tcp drop || return 1
	ip netns exec $a build/traffic send 10.98.0.2 8080 1 2>/dev/null &
	blocked=$!
	wait_for "$work/out" '^drop a=10.98.0.1,[0-9]* b=10.98.0.2,8080 .* sender=0 '
	seen=$?
	kill $blocked
	in_ns $host nft delete table bridge palomar_bpf
	ip -n $host link del "port-${a#palomar-}" && ip -n $host link del "port-${b#palomar-}" && ip -n $host link del palomar-br
	stop_probe && return $seen
}

closed_port_is_a_drop() {
	start_printing || return 1
	in_ns $a build/traffic send 10.99.0.2 81 1 2>/dev/null
	sleep 0.5
	stop_probe || return 1
	reason=$(sed -n 's/^reason\.\([0-9]*\)=NO_SOCKET$/\1/p' "$work/out")
	grep -q "^drop .*b=10.99.0.2,81 .* reason=$reason " "$work/out"
}

# A firewall that swallows SYNs: one client gives up after 3 s, the other's goes through when the firewall is gone.
# Both ends are told after 10 s; the second is taken back.
unanswered_syn_ends_soon() {
	start_printing || return 1
	in_ns $a sh -c 'echo 40 >/proc/sys/net/ipv4/tcp_syn_linear_timeouts; echo 40 >/proc/sys/net/ipv4/tcp_syn_retries'
	in_ns $host nft -f - <<-EOF || return 1
		table inet palomar_bpf {
			chain forward {
				type filter hook forward priority 0; policy accept;
				ip saddr 10.99.0.1 tcp dport 8080 drop
			}
		}
	EOF
	index=$(ifindex_of veth1) ended="kind=[4-6] end=3 initiator=0 rst_by=2"
	in_ns $a build/traffic send 10.99.0.2 8080 1 2>/dev/null
	ip netns exec $a build/traffic patient 10.99.0.2 8080 1 &
	client=$!
	wait_for "$work/out" "^flow.*,8080 .* ifindex=$index $ended" || return 1
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ "$(ends "$ended")" -eq 2 ] && break
		sleep 1
	done
	[ "$(ends "$ended")" -eq 2 ] || { echo "$(ends "$ended") of 2 have ended"; return 1; }
	in_ns $host nft delete table inet palomar_bpf
	wait $client || return 1
	sleep 1
	stop_probe || return 1
	grep "^flow.*,8080 .* ifindex=$index " "$work/out"
	grep -q "^flow.*,8080 .* ifindex=$index kind=6 end=1 initiator=0 .* handshake_us=[0-9]\{8\} " "$work/out"
}

# ends PATTERN: how many conversations at $index have such an end.
ends() {
	grep "^flow.*,8080 .* ifindex=$index $1" "$work/out" | awk '{ print $2, $3 }' | sort -u | wc -l
}

handshake_is_told_once() {
	start_printing --update-interval-ms 200 || return 1
	ip netns exec $a build/traffic pipeline 10.99.0.2 8080 100000000 16 &
	client=$!
	sleep 2
	kill $client
	wait $client
	stop_probe || return 1
	index=$(ifindex_of veth1)
	grep "^flow.*,8080 .* ifindex=$index " "$work/out"
	[ "$(grep -c "^flow.*,8080 .* ifindex=$index .* handshake_us=[1-9]" "$work/out")" -eq 1 ] &&
		[ "$(grep -c "^flow.*,8080 .* ifindex=$index " "$work/out")" -ge 4 ]
}

# In 3.5 s at one record a second; the scans are five times as many.
long_connection_is_reported_now_and_then() {
	start_printing --update-interval-ms 1000 || return 1
	ip netns exec $a build/traffic pipeline 10.99.0.2 8080 100000000 16 &
	client=$!
	sleep 3.5
	stop_probe || return 1
	kill $client
	wait $client
	index=$(ifindex_of veth1)
	grep "^flow.*,8080 .* ifindex=$index " "$work/out"
	records=$(grep -c "^flow.*,8080 .* ifindex=$index " "$work/out")
	[ "$records" -ge 3 ] && [ "$records" -le 5 ]
}

refusal_is_the_end() {
	start_printing || return 1
	in_ns $a build/traffic send 10.99.0.2 81 1 2>/dev/null
	in_ns $a build/traffic send fd99:2::2 81 1 2>/dev/null
	sleep 1
	stop_probe || return 1
	index=$(ifindex_of veth1)
	grep '^flow.*,81 ' "$work/out"
	[ "$(grep -c "^flow.*b=.*,81 .* ifindex=$index kind=5 end=2 initiator=0 rst_by=1 .* resets=0,1 " "$work/out")" -eq 2 ]
}

icmp_errors_name_the_conversation() {
	start_printing || return 1
	in_ns $a build/traffic query 10.99.0.2 9 1 && in_ns $a build/traffic query fd99:2::2 9 1 || return 1
	sleep 1
	stop_probe || return 1
	index=$(ifindex_of veth1)
	grep '^flow.*,9 ' "$work/out"
	grep -q "^flow.*b=10.99.0.2,9 protocol=17 .* ifindex=$index .* icmp_errors=1,3,3 " "$work/out" &&
		grep -q "^flow.*b=fd99:2::2,9 protocol=17 .* ifindex=$index .* icmp_errors=1,1,4 " "$work/out"
}

# A server that does not read closes its window, and nobody else's.
closed_window_is_counted() {
	start_printing || return 1
	ip netns exec $b build/traffic serve 8081 &
	sleeper=$!
	sleep 0.3
	kill -STOP $sleeper
	ip netns exec $a build/traffic send 10.99.0.2 8081 20000000 &
	client=$!
	sleep 1.5
	kill -CONT $sleeper
	wait $client
	kill $sleeper
	wait $sleeper
	stop_probe || return 1
	index=$(ifindex_of veth1)
	grep '^flow.*,8081 ' "$work/out"
	grep -q "^flow.*b=10.99.0.2,8081 .* ifindex=$index .* zero_windows=0,[1-9]" "$work/out"
}

tunnel_is_seen_inside_and_outside() {
	start_printing || return 1
	for end in 1 2; do
		ip -n "palomar-bpf-$(echo $end | tr 12 ab)" link add palomar-vx type vxlan id 5 dstport 4789 \
			local 10.99.0.$end remote 10.99.0.$((3 - end)) || return 1
		ip -n "palomar-bpf-$(echo $end | tr 12 ab)" addr add 10.97.0.$end/24 dev palomar-vx || return 1
		ip -n "palomar-bpf-$(echo $end | tr 12 ab)" link set palomar-vx up || return 1
	done
	in_ns $a build/traffic pipeline 10.97.0.2 8080 640 64
	sent=$?
	ip -n $a link del palomar-vx && ip -n $b link del palomar-vx
	stop_probe && [ $sent -eq 0 ] || return 1
	index=$(ifindex_of veth1)
	grep -E '^flow.*(10.97.0.2,8080|,4789) ' "$work/out"
	grep -q "^flow a=10.99.0.1,[0-9]* b=10.99.0.2,4789 protocol=17 .* ifindex=$index .* carries=1 tunnel=0,0$" "$work/out" &&
		grep -q "^flow a=10.97.0.1,[0-9]* b=10.97.0.2,8080 protocol=6 .* ifindex=$index .* carries=0 tunnel=1,5$" "$work/out" &&
		! grep -q '^flow.*10.97.0.2,8080 .* tunnel=0,0$' "$work/out"
}

# 5000 bytes are four packets in IPv4 and in IPv6, and one conversation.
fragments_are_one_conversation() {
	start_printing || return 1
	in_ns $a build/traffic datagram 10.99.0.2 53 5000 && in_ns $a build/traffic datagram fd99:2::2 53 5000 || return 1
	sleep 0.5
	stop_probe || return 1
	index=$(ifindex_of veth1)
	grep '^flow.*protocol=17 ' "$work/out"
	[ "$(grep -c "^flow.*,53 protocol=17 .* ifindex=$index .* packets=4,0 " "$work/out")" -eq 2 ] &&
		! grep -q '^flow.*,0 protocol=17 ' "$work/out"
}

clear_text_on_an_uplink_is_told() {
	start_printing --uplink-interface 'veth2*' || return 1
	in_ns $a build/traffic connect 10.99.0.2 8080 1 || return 1
	sleep 1
	stop_probe || return 1
	grep '^flow.*,8080 ' "$work/out"
	grep -q "^flow.*,8080 .* ifindex=$(ifindex_of veth2) .* encryption=1 " "$work/out" &&
		grep -q "^flow.*,8080 .* ifindex=$(ifindex_of veth1) .* encryption=0 " "$work/out"
}

# esp NAMESPACE: both directions of 10.99.0.2 <-> the host's 169.254.2.1, in a tunnel.
esp() {
	key=0x00112233445566778899aabbccddeeff00112233
	for way in '10.99.0.2 169.254.2.1 0x101' '169.254.2.1 10.99.0.2 0x102'; do
		# shellcheck disable=SC2086 # three words
		set -- "$1" $way
		ip -n "$1" xfrm state add src "$2" dst "$3" proto esp spi "$4" reqid 1 mode tunnel \
			aead 'rfc4106(gcm(aes))' $key 128 || return 1
		for direction in in out fwd; do
			ip -n "$1" xfrm policy add src "$2" dst "$3" dir $direction \
				tmpl src "$2" dst "$3" proto esp reqid 1 mode tunnel 2>/dev/null
		done
	done
}

has_esp() {
	esp $host 2>/dev/null
	has=$?
	ip -n $host xfrm state flush && ip -n $host xfrm policy flush
	return $has
}

# What the kernel has decrypted comes in a second time, and is known by its note; the ESP around it is known by itself.
ipsec_is_seen() {
	start_printing --uplink-interface veth2 || return 1
	esp $host && esp $b || return 1
	in_ns $b build/traffic ping 169.254.2.1 0 3
	reached=$?
	for namespace in $host $b; do
		ip -n $namespace xfrm state flush && ip -n $namespace xfrm policy flush
	done
	stop_probe && [ $reached -eq 0 ] || return 1
	grep -E '^flow.*protocol=(1|50) ' "$work/out"
	grep -q '^flow.*protocol=50 .* encryption=0 carries=6 ' "$work/out" && grep -q '^flow.*protocol=1 .* encryption=3 ' "$work/out"
}

has_wireguard() {
	ip -n $host link add palomar-wg type wireguard && ip -n $host link del palomar-wg
}

wireguard_device_is_known() {
	start_printing || return 1
	ip -n $host link add palomar-wg type wireguard && ip -n $host addr add 10.96.0.1/24 dev palomar-wg &&
		ip -n $host link set palomar-wg up || return 1
	wait_for "$work/out" 'name=palomar-wg state=1' || return 1
	in_ns $host build/traffic datagram 10.96.0.2 9 10
	ip -n $host link del palomar-wg
	stop_probe || return 1
	grep -q '^flow.*b=10.96.0.2,9 .* encryption=2 ' "$work/out"
}

# A listening socket has its owner from the walk, a connection from its making; both name pid and namespace.
sockets_have_owners() {
	start_printing || return 1
	in_ns $a build/traffic connect fd99:2::2 8080 1 || return 1
	in_ns $a build/traffic connect 10.99.0.2 8080 1 || return 1
	sleep 0.5
	stop_probe || return 1
	namespace=$(stat -L -c %i /run/netns/$b) client=$(stat -L -c %i /run/netns/$a)
	grep '^socket.*8080' "$work/out"
	grep -q "^socket local=::,8080 remote=::,0 protocol=6 family=6 state=10 netns=$namespace pid=$server .*comm=traffic" "$work/out" &&
		grep -q "^socket local=fd99:1::2,[0-9]* remote=fd99:2::2,8080 protocol=6 family=6 .* netns=$client .*comm=traffic" "$work/out" &&
		grep -q "^socket local=10.99.0.1,[0-9]* remote=10.99.0.2,8080 protocol=6 family=4 .* netns=$client .*comm=traffic" "$work/out"
}

# The far socket of a flow tells its round-trip time and its control group, over IPv6 as over IPv4.
flows_have_their_socket() {
	start_printing || return 1
	ip netns exec $a build/traffic pipeline 10.99.0.2 8080 100000000 16 &
	first=$!
	ip netns exec $a build/traffic pipeline fd99:2::2 8080 100000000 16 &
	second=$!
	sleep 6.5
	kill $first $second
	wait $first $second
	stop_probe || return 1
	grep '^flow.*8080' "$work/out" | tail -4
	for address in 10.99.0.2 fd99:2::2; do
		grep "^flow.*=$address,8080 " "$work/out" | grep -q 'srtt_us=[1-9].* cgroup=[1-9]' || return 1
	done
}

# A connection shorter than the walk over all sockets tells what it lost on the way.
short_connections_tell_retransmits() {
	start_printing || return 1
	in_ns $host nft -f - <<-EOF || return 1
		table inet palomar_bpf {
			chain forward {
				type filter hook forward priority 0; policy accept;
				ip saddr 10.99.0.1 tcp dport 8080 ct state established numgen inc mod 20 10 drop
			}
		}
	EOF
	in_ns $a build/traffic send 10.99.0.2 8080 3000000
	in_ns $host nft delete table inet palomar_bpf
	sleep 0.5
	stop_probe || return 1
	grep '^tcp.*8080' "$work/out"
	client=$(stat -L -c %i /run/netns/$a)
	[ "$(grep -c "^tcp .*,8080 .* state=7 .* netns=$client " "$work/out")" -eq 1 ] &&
		grep -q "^tcp .*,8080 .* state=7 .* srtt_us=[1-9].* retransmits=[1-9].* error=0 netns=$client " "$work/out"
}

# Without a route there is no packet, and only the call tells.
calls_without_a_route_are_told() {
	start_printing || return 1
	ip -n $a route add unreachable 198.51.100.0/24
	ip -n $a -6 route add unreachable 2001:db8::/32
	for peer in 198.51.100.1 2001:db8::1; do
		in_ns $a build/traffic connect $peer 443 1 && return 1
	done
	sleep 0.5
	stop_probe || return 1
	namespace=$(stat -L -c %i /run/netns/$a)
	grep '^connect' "$work/out"
	for peer in 198.51.100.1 2001:db8::1; do
		grep -q "^connect .* remote=$peer,443 protocol=6 .* error=113 count=1 netns=$namespace .* comm=traffic " "$work/out" || return 1
	done
}

# A service that nft translates: known before its connections, found by a dump afterwards, the same over UDP.
services_behind_nat_are_told() {
	in_ns $host nft -f - <<-EOF || return 1
		table inet palomar_bpf {
			chain prerouting {
				type nat hook prerouting priority dstnat; policy accept;
				ip daddr 10.96.0.10 meta l4proto { tcp, udp } th dport 80 dnat ip to 10.99.0.2:8080
				ip6 daddr fd96::10 meta l4proto { tcp, udp } th dport 80 dnat ip6 to [fd99:2::2]:8080
			}
			chain postrouting {
				type nat hook postrouting priority srcnat; policy accept;
				ip daddr 10.99.0.2 udp dport 8080 snat ip to 169.254.2.1
			}
		}
	EOF
	in_ns $a build/traffic connect 10.96.0.10 80 1 || return 1
	start_printing || return 1
	in_ns $a build/traffic connect fd96::10 80 1 && in_ns $a build/traffic query 10.96.0.10 80 1 &&
		in_ns $a build/traffic query fd96::10 80 1 && in_ns $a build/traffic connect 10.99.0.2 8080 3 || return 1
	sleep 0.5
	stop_probe
	in_ns $host nft delete table inet palomar_bpf
	grep '^translation' "$work/out"
	# One that comes while the table is read is told twice, in the same words.
	[ "$(grep '^translation' "$work/out" | sort -u | wc -l)" -eq 4 ] &&
		grep -q '^translation client=10.99.0.1,[0-9]* service=10.96.0.10,80 backend=10.99.0.2,8080 seen_as=10.99.0.1,[0-9]* protocol=6 family=4 .* by=1' "$work/out" &&
		grep -q '^translation client=fd99:1::2,[0-9]* service=fd96::10,80 backend=fd99:2::2,8080 seen_as=fd99:1::2,[0-9]* protocol=6 family=6 .* by=1' "$work/out" &&
		grep -q '^translation client=10.99.0.1,[0-9]* service=10.96.0.10,80 backend=10.99.0.2,8080 seen_as=169.254.2.1,[0-9]* protocol=17 family=4 .* by=1' "$work/out" &&
		grep -q '^translation client=fd99:1::2,[0-9]* service=fd96::10,80 backend=fd99:2::2,8080 .* protocol=17 family=6 .* by=1' "$work/out"
}

certificate() {
	[ -e "$work/key.pem" ] || openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=palomar.test \
		-keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
}

start_reading_tls() {
	rm -f "$work/out" "$work/err"
	ip netns exec $host build/palomar-probe --print --tls-uprobes --scan-interval-ms 200 >"$work/out" 2>"$work/err" &
	probe=$!
	wait_for "$work/err" watching
}

# plaintext PORT TEXT: records of decrypted payload that start so; other programs of the machine are read too.
plaintext() {
	grep -ac "^l7 .*,$1 protocol=6 .* plaintext=1 payload=$2" "$work/out"
}

# curl gives its SSL object a socket; so does the server. Each message is told once although both ends are here.
curl_is_read() {
	certificate && start_reading_tls || return 1
	ip netns exec $b openssl s_server -accept 8443 -key "$work/key.pem" -cert "$work/cert.pem" -www -quiet 2>/dev/null &
	secure=$!
	sleep 0.5
	for address in 10.99.0.2 '[fd99:2::2]'; do
		for _ in 1 2 3; do
			in_ns $a curl -sk --max-time 5 "https://$address:8443/" -o /dev/null -w '%{http_code}\n'
		done
	done >"$work/statuses"
	sleep 0.5
	kill $secure
	stop_probe || return 1
	requests=$(plaintext 8443 'GET\./\.HTTP/1\.1') answers=$(plaintext 8443 'HTTP/1\.0\.200')
	echo "requests $requests, answers $answers, curl saw $(grep -c 200 "$work/statuses")"
	[ "$(grep -c 200 "$work/statuses")" -eq 6 ] && [ "$requests" -eq 6 ] && [ "$answers" -eq 6 ]
}

# Node moves the ciphertext itself, for many connections in one thread.
node_is_read() {
	certificate && start_reading_tls || return 1
	ip netns exec $b node tests/https.mjs serve 8444 "$work/key.pem" "$work/cert.pem" >"$work/served" &
	secure=$!
	wait_for "$work/served" listening || return 1
	# The first processes of a program are found by the next walk at the latest.
	sleep 6
	in_ns $a node tests/https.mjs ask "$1" 8444 300 || { kill $secure; return 1; }
	sleep 0.5
	kill $secure
	stop_probe || return 1
	grep '^stats' "$work/out" | tail -1
	for status in 200 404 500; do
		served=$(grep -c "answered $status" "$work/served")
		answers=$(plaintext 8444 "HTTP/1\.1\.$status\.") requests=$(plaintext 8444 "POST\./$status\.")
		echo "$status: served $served, answers read $answers, requests read $requests"
		[ "$answers" -eq "$served" ] && [ "$requests" -eq 100 ] || return 1
	done
}

# A libssl that only a mount namespace of its own has, as in a container.
library_of_a_container_is_found() {
	certificate && start_reading_tls || return 1
	library=$(ldconfig -p | awk '/libssl\.so\.[0-9]+ / { print $NF; exit }')
	ip netns exec $b unshare --mount sh -c "mount -t tmpfs palomar /mnt && cp '$library' /mnt/ &&
		LD_LIBRARY_PATH=/mnt exec openssl s_server -accept 8445 -key '$work/key.pem' -cert '$work/cert.pem' -www -quiet" &
	secure=$!
	wait_for "$work/err" 'reading plaintext at /proc/[0-9]*/root/mnt/libssl'
	found=$?
	kill $secure
	stop_probe && return $found
}

# Nobody asked for plaintext: then none is read, and no program that could is loaded.
nothing_is_read_unasked() {
	certificate && start_printing || return 1
	bpftool prog show | grep -q ' name watch_tls' && return 1
	stop_probe
}

interfaces_come_and_go() {
	start_printing || return 1
	ip link add veth9 netns $host type veth peer name eth9 netns $a || return 1
	wait_for "$work/out" 'name=veth9 state=1 .*,palomar-bpf-a ' || { grep '^interface' "$work/out"; return 1; }
	ip -n $host link del veth9
	wait_for "$work/out" 'name=veth9 state=2' || return 1
	stop_probe
}

start_serving() {
	rm -f "$work/err" "$work/out"
	ip netns exec $host build/palomar-probe --socket "$work/socket" "$@" 2>"$work/err" &
	probe=$!
	wait_for "$work/err" watching
}

# What a collector has not read stays: the sums are right although it comes and goes.
sums_survive_reconnects() {
	start_serving --scan-interval-ms 100 || return 1
	rx=$(interface_counter veth1 rx_bytes)
	ip netns exec $a build/traffic send 10.99.0.2 8080 60000000 &
	sender=$!
	: >"$work/all"
	for frames in 5 3 8 13; do
		in_ns $host build/collect "$work/socket" $frames >>"$work/all" || return 1
	done
	wait $sender
	ip netns exec $host build/collect "$work/socket" >>"$work/all" &
	last=$!
	sleep 0.5
	rx=$(($(interface_counter veth1 rx_bytes) - rx))
	index=$(ifindex_of veth1)
	stop_probe || return 1
	wait $last || return 1
	tail -1 "$work/all" | grep -q goodbye || return 1
	[ ! -e "$work/socket" ] || return 1
	agrees "$(flow_bytes "$index" 1 "$work/all")" "$rx"
}

# A collector that stops reading costs payload, which is counted, and neither flows nor memory.
slow_collector_loses_payload_only() {
	start_serving --scan-interval-ms 100 || return 1
	ip netns exec $host build/collect "$work/socket" >"$work/out" &
	collector=$!
	wait_for "$work/out" '^stats' || return 1
	rx=$(interface_counter veth1 rx_bytes)
	kill -STOP $collector
	in_ns $a build/traffic pipeline 10.99.0.2 8080 192000 640 || return 1
	memory=$(awk '/VmRSS/ { print $2 }' "/proc/$probe/status")
	rx=$(($(interface_counter veth1 rx_bytes) - rx))
	kill -CONT $collector
	sleep 1.5
	index=$(ifindex_of veth1)
	stop_probe || return 1
	wait $collector || return 1
	lost=$(awk '$1 == "stats" { lost = $7 } END { print lost }' "$work/out")
	echo "lost $lost bytes, $memory KiB of memory, gaps: $(grep -c '^gap' "$work/out")"
	grep "^stats" "$work/out" | tail -1
	[ "$lost" -gt 1000000 ] && [ "$memory" -lt 100000 ] && grep -q '^gap' "$work/out" &&
		agrees "$(flow_bytes "$index" 1 "$work/out")" "$rx"
}

verdict_stops_copying() {
	start_serving || return 1
	ip netns exec $host build/collect "$work/socket" 0 no-more >"$work/out" &
	collector=$!
	wait_for "$work/out" '^stats' || return 1
	in_ns $a build/traffic pipeline 10.99.0.2 8080 64000 64 || return 1
	stop_probe || return 1
	wait $collector || return 1
	echo "copied $(l7_bytes 1) of $((64000 * 90))"
	[ "$(l7_bytes 1)" -gt 0 ] && [ "$(l7_bytes 1)" -lt $((64000 * 90 / 2)) ]
}

# Requests and answers in long segments, of each of which the start is enough.
verdict_asks_for_heads() {
	start_serving || return 1
	ip netns exec $host build/collect "$work/socket" 0 heads >"$work/out" &
	collector=$!
	wait_for "$work/out" '^stats' || return 1
	in_ns $a build/traffic pipeline 10.99.0.2 8080 640000 640 || return 1
	stop_probe || return 1
	wait $collector || return 1
	heads=$(grep -ac '^l7 .* captured=512 copy=3 ' "$work/out")
	echo "copied $(l7_bytes 1) of $((640000 * 90)), $heads heads"
	[ "$heads" -ge 90 ] && [ "$(l7_bytes 1)" -lt $((640000 * 90 / 4)) ]
}

dies_with_its_parent() {
	rm -f "$work/err"
	sh -c "ip netns exec $host build/palomar-probe --print >/dev/null 2>'$work/err' &
		echo \$! >'$work/pid'
		until grep -q watching '$work/err'; do sleep 0.1; done"
	wait_for "$work/err" stopped || return 1
	# It says so before it is gone, and its place is free.
	tries=50
	while kill -0 "$(cat "$work/pid")" 2>/dev/null; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.1
	done
}

newest_collector_wins() {
	start_serving --uid 12345 || return 1
	[ "$(stat -c '%a %u' "$work/socket")" = '600 12345' ] || return 1
	ip netns exec $host build/collect "$work/socket" >"$work/first" &
	first=$!
	wait_for "$work/first" '^stats' || return 1
	in_ns $host build/collect "$work/socket" 2 >"$work/second" || return 1
	wait $first
	in_ns $host build/palomar-probe --print >/dev/null 2>"$work/lock"
	[ $? -eq 3 ] && grep -q 'another probe' "$work/lock" && stop_probe
}

# killed_leaves_nothing START: as it was started, so it goes.
killed_leaves_nothing() {
	programs >"$work/before"
	$1 || return 1
	programs >"$work/during"
	[ "$(comm -13 "$work/before" "$work/during" | wc -l)" -ge 7 ] || { cat "$work/during"; return 1; }
	kill -9 "$probe"
	wait "$probe" 2>/dev/null
	probe=''
	tries=50
	until programs >"$work/after" && [ -z "$(comm -13 "$work/before" "$work/after")" ]; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { comm -13 "$work/before" "$work/after"; return 1; }
		sleep 0.1
	done
	traffic_passes
}

usage_is_checked() {
	build/palomar-probe --help | grep -q -- --scan-interval-ms || return 1
	for flags in '' '--nonsense' '--print extra' '--print --scan-interval-ms x' '--print --socket /x' '--socket'; do
		# shellcheck disable=SC2086 # each word is a flag
		build/palomar-probe $flags >"$work/usage" 2>&1
		[ $? -eq 2 ] && [ "$(wc -l <"$work/usage")" -eq 1 ] || { echo "flags: $flags"; cat "$work/usage"; return 1; }
	done
}

privileges_are_checked() {
	setpriv --bounding-set -all --inh-caps -all build/palomar-probe --print >"$work/usage" 2>&1
	[ $? -eq 4 ] && grep -q CAP_BPF "$work/usage" || { cat "$work/usage"; return 1; }
}

topology || { echo "Bail out! cannot make the namespaces"; exit 2; }
ip netns exec $b build/traffic serve 8080 &
server=$!
sleep 0.3

check 'traffic passes before' traffic_passes
check 'the command line is checked' usage_is_checked
check 'missing privileges are named' privileges_are_checked
check 'bytes of 60 MB over IPv4 agree with the interface' counters_agree 10.99.0.2 60000000
check 'bytes of 60 MB over IPv6 agree with the interface' counters_agree fd99:2::2 60000000
check '10000 pipelined requests in writes of 64 are copied whole' pipelining_is_copied_whole 10.99.0.2 10048 64
check '6400 requests in writes of 640 are copied whole over IPv6' pipelining_is_copied_whole fd99:2::2 6400 640
check '1000 datagrams to port 53 are 1000 records' every_query_is_copied 10.99.0.2
check '1000 datagrams to port 53 over IPv6 are 1000 records' every_query_is_copied fd99:2::2
check 'a short connection is one record' short_connections_are_one_record
check 'an nftables drop is seen, and no other' one_drop_and_no_other
check 'a drop in a bridge is seen' drop_in_a_bridge_is_seen
check 'a closed port is seen' closed_port_is_a_drop
check 'a refused connection ends at once, reset by the server' refusal_is_the_end
check 'a SYN without an answer ends after 10 s, and an answer takes it back' unanswered_syn_ends_soon
check 'a handshake is told once' handshake_is_told_once
check 'a long connection is reported once per interval' long_connection_is_reported_now_and_then
check 'ICMP errors name the conversation they are about' icmp_errors_name_the_conversation
check 'a server that does not read is seen to close its window' closed_window_is_counted
check 'a tunnel is seen inside and outside' tunnel_is_seen_inside_and_outside
check 'fragments are one conversation' fragments_are_one_conversation
check 'clear text on an uplink is told, elsewhere not' clear_text_on_an_uplink_is_told
check_if has_esp 'this kernel has no ESP' 'what IPsec has decrypted is known' ipsec_is_seen
check_if has_wireguard 'this kernel has no WireGuard' 'packets of a WireGuard device are known' wireguard_device_is_known
check 'sockets have owners' sockets_have_owners
check 'flows know the socket they lead to' flows_have_their_socket
check 'a short connection tells its retransmits' short_connections_tell_retransmits
check 'calls that find no route are told' calls_without_a_route_are_told
check 'services behind NAT are told' services_behind_nat_are_told
check 'no plaintext is read unasked' nothing_is_read_unasked
check 'plaintext of curl and of a server is read' curl_is_read
check 'the TLS library of a container is found' library_of_a_container_is_found
check 'plaintext of Node is read over IPv4' node_is_read 10.99.0.2
check 'plaintext of Node is read over IPv6' node_is_read fd99:2::2
check 'interfaces come and go' interfaces_come_and_go
check 'sums survive a collector that comes and goes' sums_survive_reconnects
check 'a collector that does not read loses payload only' slow_collector_loses_payload_only
check 'a verdict stops the copying of a connection' verdict_stops_copying
check 'a verdict asks for the first bytes of each segment' verdict_asks_for_heads
check 'the probe stops with its parent' dies_with_its_parent
check 'the newest collector wins, a second probe gives way' newest_collector_wins
check 'a killed probe leaves nothing, and traffic passes' killed_leaves_nothing start_printing
check 'a killed probe that read plaintext leaves nothing' killed_leaves_nothing start_reading_tls

echo "1..$count"
echo "# $((count - failures)) passed, $failures failed"
[ $failures -eq 0 ]
