/**
 * The drop matrix: one row per way a packet can be thrown away, what to do to make it happen, what the kernel says of it,
 * what is stored, and what the program that sent the packet is told.
 */
import {
  bridgedClient,
  bridgedServer,
  clientAddress,
  elsewhere,
  linkAddress,
  neighbourless,
  provoke,
  run,
  serverAddress,
  startHelper,
  type Family,
  type Place,
} from './ground.ts';

export interface Expected {
  /** The kernel's word for it, as its BTF has it. */
  readonly reason: string;
  /** The word that is stored, where the kernel's says nothing. */
  readonly stored?: string;
  /** The function that threw the packet away; one of several where compilers differ. */
  readonly location: RegExp;
  readonly device: string;
  /** The network namespace it happened in. */
  readonly place: Place;
  /** Whose packet it was; the client's unless said otherwise. */
  readonly sender?: string;
}

export interface Cause {
  readonly name: string;
  readonly family: Family;
  readonly port: number;
  /** Makes the cause; what starts here runs to the end of the row. */
  arrange?(port: number): Promise<unknown>;
  /** Does what leads to the drop, and tells what the program was told. */
  act(port: number): Promise<string>;
  undo?(): Promise<unknown>;
  readonly client: string | RegExp;
  /** Or why no drop can be seen. */
  readonly expected: Expected | { readonly impossible: string };
}

type Described = Omit<Cause, 'family' | 'port'>;

const ip = (family: Family): string => (family === 4 ? 'ip' : 'ip6');
const nft = (place: Place, ...lines: readonly string[]): Promise<string> =>
  run(place, `nft '${lines.map((line) => line.replaceAll("'", '')).join('; ')}'`);
/** A rule in a chain of its own at that hook; every row's rules go when it ends. */
const filterRule = (place: Place, family: 'inet' | 'bridge' | 'netdev', hook: string, rule: string): Promise<string> =>
  nft(
    place,
    `add table ${family} palomar`,
    `add chain ${family} palomar c { type filter hook ${hook} priority 0 ; }`,
    `add rule ${family} palomar c ${rule}`,
  );
const sysctl = (place: Place, key: string, value: number): Promise<string> =>
  run(place, `sh -c 'echo ${value} > /proc/sys/net/${key}'`);
const gateway = (): Promise<string> => linkAddress('host', 'to-client');
const frame = async (from: string, to: string, rest: string): Promise<string> =>
  provoke('client', `frame eth0 ${await gateway()} ${from} ${to} ${rest}`);
const tcp = (to: string) => (port: number) => provoke('client', `tcp ${to} ${port}`);
const udp = (to: string, rest: string) => (port: number) => provoke('client', `udp ${to} ${port} ${rest}`);

/** Tells what `act` tells, if the server's kernel counted it by this name. */
async function counting(counter: string, act: () => Promise<string>): Promise<string> {
  const read = async (): Promise<number> => {
    const [names = '', values = ''] = (await run('server', 'cat /proc/self/net/netstat')).split('\n');
    return Number(values.split(' ')[names.split(' ').indexOf(counter)]);
  };
  const before = await read();
  const told = await act();
  return (await read()) > before ? told : `${told}, and ${counter} did not rise`;
}

const atClientLink = { device: 'to-client', place: 'host' } as const;
const atServer = { device: 'eth0', place: 'server' } as const;

const netfilter = (family: Family): readonly Described[] => [
  {
    name: 'nftables, forward',
    arrange: (port) => filterRule('host', 'inet', 'forward', `tcp dport ${port} drop`),
    act: tcp(serverAddress[family]),
    client: 'no answer',
    expected: { reason: 'NETFILTER_DROP', location: /^nft_do_chain/, ...atClientLink },
  },
  {
    name: 'nftables, input of the server',
    arrange: (port) => filterRule('server', 'inet', 'input', `tcp dport ${port} drop`),
    act: tcp(serverAddress[family]),
    client: 'no answer',
    expected: { reason: 'NETFILTER_DROP', location: /^nft_do_chain/, ...atServer },
  },
  {
    name: 'nftables, output of the client',
    arrange: (port) => filterRule('client', 'inet', 'output', `udp dport ${port} drop`),
    act: udp(serverAddress[family], '100'),
    client: 'EPERM',
    expected: { reason: 'NETFILTER_DROP', location: /^nft_do_chain/, device: '', place: 'client' },
  },
  {
    name: 'nftables, reject',
    arrange: (port) => filterRule('host', 'inet', 'forward', `tcp dport ${port} reject`),
    act: tcp(serverAddress[family]),
    client: 'ECONNREFUSED',
    expected: { reason: 'NETFILTER_DROP', location: /^nft_do_chain/, ...atClientLink },
  },
  {
    name: 'nftables, bridge',
    arrange: (port) => filterRule('host', 'bridge', 'forward', `tcp dport ${port} drop`),
    act: tcp(bridgedServer[family]),
    client: 'no answer',
    expected: {
      reason: 'NETFILTER_DROP',
      location: /^nft_do_chain/,
      device: 'port-server',
      place: 'host',
      sender: bridgedClient[family],
    },
  },
  {
    name: 'nftables, netdev ingress',
    arrange: (port) => filterRule('host', 'netdev', 'ingress device to-client', `tcp dport ${port} drop`),
    act: tcp(serverAddress[family]),
    client: 'no answer',
    expected: { reason: 'NETFILTER_DROP', location: /^nft_do_chain/, ...atClientLink },
  },
  {
    name: 'iptables (legacy), FORWARD',
    arrange: (port) => run('host', `${ip(family)}tables-legacy -A FORWARD -p tcp --dport ${port} -j DROP`),
    act: tcp(serverAddress[family]),
    undo: () => run('host', `${ip(family)}tables-legacy -F FORWARD`),
    client: 'no answer',
    expected: { reason: 'NETFILTER_DROP', location: /^nf_hook_slow$/, ...atClientLink },
  },
  {
    name: 'conntrack: a packet of no connection',
    arrange: async (port) => {
      await sysctl('host', 'netfilter/nf_conntrack_tcp_loose', 0);
      await filterRule('host', 'inet', 'forward', `tcp dport ${port} ct state invalid drop`);
    },
    act: (port) => frame(clientAddress[family], serverAddress[family], `tcp ${port} ack`),
    client: 'sent',
    expected: { reason: 'NETFILTER_DROP', location: /^nft_do_chain/, ...atClientLink },
  },
];

const linkLayer = (family: Family): readonly Described[] => [
  {
    name: 'tc, ingress',
    arrange: async () => {
      await run('host', 'tc qdisc add dev to-client clsact');
      await run('host', `tc filter add dev to-client ingress bpf da bytecode '1,6 0 0 2,'`);
    },
    act: tcp(serverAddress[family]),
    undo: () => run('host', 'tc qdisc del dev to-client clsact'),
    client: 'no answer',
    expected: {
      reason: 'TC_INGRESS',
      location: /^(__netif_receive_skb_core|sch_handle_ingress|tc_run)/,
      ...atClientLink,
    },
  },
  {
    name: 'tc, egress',
    arrange: async () => {
      await run('host', 'tc qdisc add dev to-server clsact');
      await run('host', `tc filter add dev to-server egress bpf da bytecode '1,6 0 0 2,'`);
    },
    act: tcp(serverAddress[family]),
    undo: () => run('host', 'tc qdisc del dev to-server clsact'),
    client: 'no answer',
    expected: {
      reason: 'TC_EGRESS',
      location: /^(__dev_queue_xmit|sch_handle_egress)/,
      device: 'to-server',
      place: 'host',
    },
  },
  {
    name: 'XDP in the driver of a veth',
    arrange: () => startHelper('host', 'xdp to-client'),
    act: tcp(serverAddress[family]),
    client: 'no answer',
    expected: { reason: 'NOT_SPECIFIED', stored: 'XDP_DROP', location: /^veth_xdp_rcv_skb/, ...atClientLink },
  },
  {
    name: 'XDP, generic',
    arrange: () => startHelper('host', 'xdp to-client generic'),
    act: tcp(serverAddress[family]),
    client: 'no answer',
    expected: { reason: 'NOT_SPECIFIED', stored: 'XDP_DROP', location: /^do_xdp_generic/, ...atClientLink },
  },
  {
    name: 'a full queue of a link (tbf)',
    arrange: async (port) => {
      await run('host', 'tc qdisc add dev to-server root tbf rate 8kbit burst 1600 limit 1600');
      return startHelper('server', `sink ${port} 100000`);
    },
    act: udp(serverAddress[family], '1000 20'),
    undo: () => run('host', 'tc qdisc del dev to-server root'),
    client: 'no answer',
    expected: {
      reason: 'QDISC_DROP',
      location: /^(__dev_queue_xmit|__dev_xmit_skb|kfree_skb_list)/,
      device: 'to-server',
      place: 'host',
    },
  },
  {
    name: 'loss made by netem',
    act: () =>
      run('host', 'tc qdisc add dev to-server root netem loss 100%').then(
        () => 'netem is here: this row can be written',
        () => 'not run',
      ),
    client: 'not run',
    expected: { impossible: 'this kernel has no netem (CONFIG_NET_SCH_NETEM)' },
  },
  {
    name: "larger than the MTU of the veth's other end",
    arrange: () => run('server', 'ip link set eth0 mtu 1300'),
    act: udp(serverAddress[family], '1400'),
    undo: () => run('server', 'ip link set eth0 mtu 1500'),
    client: 'no answer',
    expected: {
      reason: 'NOT_SPECIFIED',
      stored: 'VETH_PEER_REFUSED',
      location: /^(veth_xmit|__dev_forward_skb)/,
      device: 'to-server',
      place: 'host',
    },
  },
  {
    name: 'larger than the MTU of a bridge port',
    arrange: () => run('host', 'ip link set port-server mtu 1300'),
    act: udp(bridgedServer[family], '1400'),
    undo: () => run('host', 'ip link set port-server mtu 1500'),
    client: 'no answer',
    expected: {
      reason: 'NOT_SPECIFIED',
      ...(family === 4
        ? { stored: 'BRIDGE_DISCARD', location: /^br_nf_dev_queue_xmit|^br_dev_queue_push_xmit/ }
        : { stored: 'FRAGMENTING_FAILED', location: /^ip6_fragment/ }),
      device: 'port-server',
      place: 'host',
      sender: bridgedClient[family],
    },
  },
  {
    name: "the other end of the client's link is down",
    arrange: async () => {
      await run(
        'client',
        `ip -${family} neighbour replace ${family === 4 ? '10.97.1.1' : 'fd97:1::1'} dev eth0 lladdr ${await gateway()}`,
      );
      await run('host', 'ip link set to-client down');
      // Until the link's end has noticed, what is sent is refused by the other one.
      await run('client', `sh -c 'until grep -q down /sys/class/net/eth0/operstate; do sleep 0.05; done; sleep 0.2'`);
    },
    act: udp(serverAddress[family], '100'),
    undo: async () => {
      await run('host', 'ip link set to-client up');
      await run('host', 'ip address replace fd97:1::1/64 dev to-client nodad');
    },
    client: 'no answer',
    expected: { reason: 'QDISC_DROP', location: /^/, device: 'eth0', place: 'client' },
  },
];

const routing = (family: Family): readonly Described[] => [
  ...(['blackhole', 'unreachable', 'prohibit'] as const).map((type): Described => ({
    name: `${type} route of the host`,
    arrange: () => run('host', `ip -${family} route add ${type} ${elsewhere[family]}`),
    act: tcp(elsewhere[family]),
    undo: () => run('host', `ip -${family} route del ${type} ${elsewhere[family]}`),
    client: {
      blackhole: 'no answer',
      unreachable: family === 4 ? 'EHOSTUNREACH' : 'ENETUNREACH',
      prohibit: family === 4 ? 'EHOSTUNREACH' : 'EACCES',
    }[type],
    expected: {
      reason: family === 6 && type !== 'blackhole' ? 'IP_INNOROUTES' : 'NOT_SPECIFIED',
      stored: `ROUTE_${type.toUpperCase()}`,
      location: /^(ip_error|dst_discard|ip6_pkt_drop|ip6_pkt)/,
      ...atClientLink,
    },
  })),
  {
    name: 'the host has no route',
    act: tcp(elsewhere[family]),
    client: 'ENETUNREACH',
    expected: { reason: 'IP_INNOROUTES', location: /^(ip_error|ip6_pkt_discard)/, ...atClientLink },
  },
  {
    name: 'the host does not forward',
    arrange: () => sysctl('host', family === 4 ? 'ipv4/conf/to-client/forwarding' : 'ipv6/conf/all/forwarding', 0),
    act: tcp(serverAddress[family]),
    undo: () => sysctl('host', family === 4 ? 'ipv4/conf/to-client/forwarding' : 'ipv6/conf/all/forwarding', 1),
    client: 'no answer',
    expected:
      family === 4
        ? { reason: 'IP_INADDRERRORS', stored: 'FORWARDING_OFF', location: /^ip_error/, ...atClientLink }
        : { reason: 'IP_INADDRERRORS', location: /^ip6_forward/, ...atClientLink },
  },
  {
    name: 'the client has no route',
    arrange: () => run('client', `ip -${family} route del default`),
    act: tcp(elsewhere[family]),
    undo: () => run('client', `ip -${family} route add default via ${family === 4 ? '10.97.1.1' : 'fd97:1::1'}`),
    client: 'ENETUNREACH',
    expected: { impossible: 'connect() fails before a packet is made; it is seen as a failed connect' },
  },
  {
    name: 'TTL or hop limit used up',
    act: udp(serverAddress[family], '100 1 ttl=1'),
    client: 'EHOSTUNREACH',
    expected: { reason: 'IP_INHDR', location: /^(ip_forward|ip6_forward)/, ...atClientLink },
  },
  {
    name: 'larger than the MTU, fragments forbidden',
    arrange: () => run('host', `ip link set to-server mtu 1300`),
    act: udp(serverAddress[family], '1400 1 df'),
    undo: async () => {
      await run('host', 'ip link set to-server mtu 1500');
      await run('client', `ip -${family} route flush cache`);
    },
    client: 'EMSGSIZE',
    expected: {
      reason: 'PKT_TOO_BIG',
      location: /^ip6?_forward/,
      device: family === 4 ? 'to-client' : 'to-server',
      place: 'host',
    },
  },
  {
    name: 'nobody has the address (neighbour failure)',
    act: tcp(neighbourless[family]),
    client: 'no answer',
    expected: {
      ...(family === 4 ? { reason: 'NEIGH_FAILED' } : { reason: 'NOT_SPECIFIED', stored: 'NEIGHBOUR_FAILED' }),
      location: /^(neigh_invalidate|arp_error_report|ndisc_error_report|ip6_dst_)/,
      device: 'to-server',
      place: 'host',
    },
  },
  {
    name: 'xfrm policy: block',
    arrange: () =>
      run('host', `ip xfrm policy add dir fwd src ${clientAddress[family]} dst ${serverAddress[family]} action block`),
    act: tcp(serverAddress[family]),
    undo: () => run('host', 'ip xfrm policy flush'),
    client: 'no answer',
    expected: {
      ...(family === 4 ? { reason: 'XFRM_POLICY' } : { reason: 'NOT_SPECIFIED', stored: 'IP6_FORWARD_DISCARD' }),
      location: /^ip6?_forward/,
      ...atClientLink,
    },
  },
];

const receiving = (family: Family): readonly Described[] => [
  {
    name: 'closed TCP port',
    act: tcp(serverAddress[family]),
    client: 'ECONNREFUSED',
    expected: { reason: 'NO_SOCKET', location: /^tcp_v[46]_rcv/, ...atServer },
  },
  {
    name: 'closed UDP port',
    act: udp(serverAddress[family], '100'),
    client: 'ECONNREFUSED',
    expected: { reason: 'NO_SOCKET', location: /^_*udp[46]?_?/, ...atServer },
  },
  {
    name: 'full buffer of a UDP socket',
    arrange: (port) => startHelper('server', `sink ${port} 2000`),
    act: udp(serverAddress[family], '1000 30'),
    client: 'no answer',
    expected: { reason: 'SOCKET_RCVBUFF', location: /^_*udp/, ...atServer },
  },
  {
    name: 'full backlog of a listening socket',
    arrange: (port) => startHelper('server', `listen ${port} 0`),
    act: (port) =>
      counting('ListenOverflows', async () => {
        const first = await provoke('client', `tcp ${serverAddress[family]} ${port}`);
        return `${first}, then ${await provoke('client', `tcp ${serverAddress[family]} ${port}`)}`;
      }),
    client: 'connected, then no answer',
    expected: { impossible: 'the kernel takes the SYN in and forgets it; only ListenOverflows counts it' },
  },
  {
    name: 'bad checksum, TCP',
    act: (port) => frame(clientAddress[family], serverAddress[family], `tcp ${port} syn bad-sum`),
    client: 'sent',
    expected: { reason: 'TCP_CSUM', location: /^tcp_v[46]_rcv/, ...atServer },
  },
  {
    name: 'bad checksum, UDP',
    arrange: (port) => startHelper('server', `sink ${port} 20000`),
    act: (port) => frame(clientAddress[family], serverAddress[family], `udp ${port} bad-sum`),
    client: 'sent',
    expected: { reason: 'UDP_CSUM', location: /^_*udp/, ...atServer },
  },
  {
    name: 'TCP segment outside of the window',
    arrange: (port) => startHelper('server', `serve ${port}`),
    act: async (port) =>
      provoke('client', `inject eth0 ${await gateway()} ${serverAddress[family]} ${port} out-of-window`),
    client: 'connected',
    expected: { reason: 'TCP_INVALID_SEQUENCE', location: /^tcp_/, device: '', place: 'server' },
  },
  {
    name: 'TCP timestamp of the past (PAWS)',
    arrange: (port) => startHelper('server', `serve ${port}`),
    act: async (port) =>
      provoke('client', `inject eth0 ${await gateway()} ${serverAddress[family]} ${port} old-timestamp`),
    client: 'connected',
    expected: { reason: 'TCP_RFC7323_PAWS', location: /^tcp_/, device: '', place: 'server' },
  },
];

/** What only one of the two versions has. */
const ofOneVersion: readonly (Described & { readonly family: Family })[] = [
  {
    name: 'reverse path filter',
    family: 4,
    arrange: () => sysctl('host', 'ipv4/conf/to-client/rp_filter', 1),
    act: (port) => frame('10.97.77.7', serverAddress[4], `udp ${port}`),
    undo: () => sysctl('host', 'ipv4/conf/to-client/rp_filter', 0),
    client: 'sent',
    expected: {
      reason: 'IP_RPFILTER',
      location: /^(ip_rcv_finish_core|ip_route_input)/,
      ...atClientLink,
      sender: '10.97.77.7',
    },
  },
  {
    name: 'bad checksum, IP header',
    family: 4,
    act: (port) => frame(clientAddress[4], serverAddress[4], `udp ${port} bad-ip`),
    client: 'sent',
    expected: { reason: 'IP_CSUM', location: /^ip_rcv_core/, ...atClientLink },
  },
  ...(['127.0.0.9', '255.255.255.255'] as const).map((from) => ({
    name: `martian source (${from})`,
    family: 4 as const,
    act: (port: number) => frame(from, serverAddress[4], `udp ${port}`),
    client: 'sent',
    expected: {
      reason: from === '127.0.0.9' ? 'IP_LOCALNET' : 'IP_INVALID_SOURCE',
      location: /^ip_r/,
      ...atClientLink,
      sender: from,
    },
  })),
  {
    name: "martian source (the host's own address)",
    family: 4,
    act: (port: number) => frame('10.97.2.1', serverAddress[4], `udp ${port}`),
    client: 'sent',
    expected: { reason: 'IP_LOCAL_SOURCE', location: /^ip_r/, ...atClientLink, sender: '10.97.2.1' },
  },
  {
    name: 'full queue of half-open connections',
    family: 4,
    arrange: async (port) => {
      await sysctl('server', 'ipv4/tcp_syncookies', 0);
      await sysctl('server', 'ipv4/tcp_max_syn_backlog', 8);
      // The answers go to a machine that is not there, and so do not come back as resets.
      await run('server', 'ip route add 10.97.77.0/24 dev bridged');
      await run('server', 'ip neighbour add 10.97.77.8 dev bridged lladdr 02:00:00:00:77:08');
      return startHelper('server', `listen ${port} 8`);
    },
    act: (port) => counting('ListenDrops', () => frame('10.97.77.8', serverAddress[4], `tcp ${port} syn count=40`)),
    undo: () => run('server', 'ip route del 10.97.77.0/24'),
    client: 'sent',
    expected: { impossible: 'the kernel takes the SYN in and forgets it; only ListenDrops counts it' },
  },
];

const firstPort = 20_001;

export const causes: readonly Cause[] = [
  ...([4, 6] as const).flatMap((family) =>
    [...netfilter(family), ...linkLayer(family), ...routing(family), ...receiving(family)].map((row) => ({
      ...row,
      family,
    })),
  ),
  ...ofOneVersion,
].map((row, index) => ({ ...row, port: firstPort + index }));
