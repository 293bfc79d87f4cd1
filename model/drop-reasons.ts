/**
 * What a packet was dropped for, where the kernel's own word says nothing: by the function that threw it away, and by the
 * error of the route it was on. Words made here are never a name of the kernel's; the place stays beside them as it was.
 */
export interface RefinedReason {
  readonly word: string;
  /** What it means for whoever reads it. */
  readonly sentence: string;
  /** The kernel's reasons that it stands for. */
  readonly reasons: readonly string[];
  readonly locations?: readonly string[];
  /** errno of the route, as struct drop_record has it. */
  readonly routeError?: number;
}

/** Linux errno values; those of the architectures that differ are not ours. */
const EACCES = 13;
const EINVAL = 22;
const ENETUNREACH = 101;
const EHOSTUNREACH = 113;

const unspecified = ['NOT_SPECIFIED'] as const;

/** The first that fits is taken. */
export const refinedReasons: readonly RefinedReason[] = [
  {
    word: 'ROUTE_BLACKHOLE',
    sentence: 'The route to the destination is a blackhole: it takes packets and answers nothing.',
    reasons: unspecified,
    routeError: EINVAL,
  },
  {
    word: 'ROUTE_UNREACHABLE',
    sentence: 'The route to the destination is of type unreachable: the sender is told "host unreachable".',
    reasons: ['NOT_SPECIFIED', 'IP_INNOROUTES'],
    routeError: EHOSTUNREACH,
  },
  {
    word: 'ROUTE_PROHIBIT',
    sentence: 'The route to the destination is of type prohibit: the sender is told "administratively prohibited".',
    reasons: ['NOT_SPECIFIED', 'IP_INNOROUTES'],
    routeError: EACCES,
  },
  {
    word: 'ROUTE_MISSING',
    sentence: 'There is no route to the destination.',
    reasons: unspecified,
    routeError: ENETUNREACH,
  },
  {
    word: 'FORWARDING_OFF',
    sentence: 'The packet is for someone else, and this host or interface does not forward.',
    reasons: ['IP_INADDRERRORS'],
    routeError: EHOSTUNREACH,
  },
  {
    word: 'INPUT_ERROR',
    sentence: 'The routing decision for the incoming packet was an error that the kernel does not name.',
    reasons: unspecified,
    locations: ['ip_error'],
  },
  {
    word: 'DST_DISCARD',
    sentence: 'The route throws everything away: a blackhole, or a route that has just been removed.',
    reasons: unspecified,
    locations: ['dst_discard', 'dst_discard_out'],
  },
  {
    word: 'XDP_DROP',
    sentence: 'An XDP program said so.',
    reasons: unspecified,
    locations: ['veth_xdp_rcv_skb', 'do_xdp_generic'],
  },
  {
    word: 'NEIGHBOUR_FAILED',
    sentence: 'Nobody on the link answered for the address; what had waited for the answer was thrown away.',
    reasons: unspecified,
    locations: ['neigh_invalidate', 'ndisc_error_report', 'arp_error_report'],
  },
  {
    word: 'IP6_FORWARD_DISCARD',
    sentence: 'IPv6 forwarding refused it: an xfrm policy blocks it, or it is no packet to forward.',
    reasons: unspecified,
    locations: ['ip6_forward'],
  },
  {
    word: 'VETH_PEER_REFUSED',
    sentence: 'The other end of the veth is down, or its MTU is smaller than the packet.',
    reasons: unspecified,
    locations: ['veth_xmit', 'dev_forward_skb', '__dev_forward_skb', '__dev_forward_skb2'],
  },
  {
    word: 'BRIDGE_DISCARD',
    sentence: 'The bridge could not pass it on: the port it should leave by is down, or its MTU is smaller.',
    reasons: unspecified,
    locations: ['br_dev_queue_push_xmit', 'br_nf_dev_queue_xmit', '__br_forward', 'br_forward'],
  },
  {
    word: 'FRAGMENTING_FAILED',
    sentence: 'It is larger than the link takes, and may not or could not be cut into fragments.',
    reasons: unspecified,
    locations: ['ip6_fragment', 'ip_do_fragment', 'ip_fragment'],
  },
];

/** Compilers append what they made of a function. */
const plain = (location: string): string => location.split('.')[0] ?? location;

/** The word to store for a drop: ours where the kernel's says nothing, else the kernel's. */
export function refineDropReason(reason: string, location: string, routeError: number): string {
  const fits = (row: RefinedReason): boolean =>
    row.reasons.includes(reason) &&
    (row.routeError === undefined || row.routeError === routeError) &&
    (row.locations === undefined || row.locations.includes(plain(location)));
  return refinedReasons.find(fits)?.word ?? reason;
}
