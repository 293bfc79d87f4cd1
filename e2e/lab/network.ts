/**
 * The lab's network: one namespace and one routed veth pair per pod, and the one nftables rule that drops api's
 * traffic to the payment provider. Neighbours are permanent and IPv6 is configured by hand, so that apart from the
 * programs nobody speaks: no ARP, no neighbour discovery, no duplicate address detection.
 */
import { existsSync } from 'node:fs';
import { runCommand } from './run-command.ts';
import { enableIpv6Forwarding, prepareLink, restoreIpv6Forwarding } from './sysctl.ts';
import { api, type LabPod, nftTable, outside, pods, ports } from './topology.ts';

const gateway4 = '169.254.1.1';
const gateway6 = 'fe80::1';

/** Settings inside a pod; `default` is what its eth0 starts from. */
const podSysctls = [
  'net/ipv6/conf/all/disable_ipv6=0',
  'net/ipv6/conf/default/disable_ipv6=0',
  'net/ipv6/conf/default/accept_ra=0',
  'net/ipv6/conf/default/autoconf=0',
  'net/ipv6/conf/default/router_solicitations=0',
  'net/ipv6/conf/default/dad_transmits=0',
  // Lets the DNS and TLS servers run without privileges.
  'net/ipv4/ip_unprivileged_port_start=0',
];

const setPodSysctls = 'for s in "$@"; do echo "${s#*=}" > "/proc/sys/${s%%=*}" || exit 1; done';

export async function createPodNetwork(pod: LabPod): Promise<void> {
  await runCommand(['ip', 'netns', 'add', pod.netns]);
  await runCommand(['ip', 'netns', 'exec', pod.netns, 'sh', '-c', setPodSysctls, 'sh', ...podSysctls]);
  await batch(
    ['ip'],
    [
      `link add ${pod.link} address ${pod.hostMac} type veth peer name eth0 address ${pod.podMac} netns ${pod.netns}`,
      `link set ${pod.link} addrgenmode none`,
    ],
  );
  prepareLink(pod.link);
  await batch(
    ['ip', '-n', pod.netns],
    [
      'link set lo up',
      'link set eth0 addrgenmode none',
      'link set eth0 up',
      `address add ${pod.ipv4}/32 dev eth0`,
      `address add ${pod.ipv6}/128 dev eth0 nodad`,
      `neighbour add ${gateway4} lladdr ${pod.hostMac} dev eth0 nud permanent`,
      `neighbour add ${gateway6} lladdr ${pod.hostMac} dev eth0 nud permanent`,
      `route add ${gateway4}/32 dev eth0 scope link`,
      `route add default via ${gateway4} dev eth0`,
      `-6 route add default via ${gateway6} dev eth0 onlink`,
    ],
  );
  await batch(
    ['ip'],
    [
      `link set ${pod.link} up`,
      `neighbour add ${pod.ipv4} lladdr ${pod.podMac} dev ${pod.link} nud permanent`,
      `neighbour add ${pod.ipv6} lladdr ${pod.podMac} dev ${pod.link} nud permanent`,
      `route add ${pod.ipv4}/32 dev ${pod.link} scope link`,
      `-6 route add ${pod.ipv6}/128 dev ${pod.link}`,
    ],
  );
}

/** One `ip -batch` per call; lines that begin with -6 need an address family of their own and go alone. */
async function batch(ip: readonly string[], lines: readonly string[]): Promise<void> {
  await runCommand([...ip, '-batch', '-'], lines.filter((line) => !line.startsWith('-')).join('\n') + '\n');
  for (const line of lines.filter((line) => line.startsWith('-'))) await runCommand([...ip, ...line.split(' ')]);
}

const dropRule = `table inet ${nftTable} {
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname "${api.link}" ip daddr ${outside.ipv4} tcp dport ${ports.https} counter drop
    iifname "${api.link}" ip6 daddr ${outside.ipv6} tcp dport ${ports.https} counter drop
  }
}
`;

export async function createNetwork(savedSysctls: string): Promise<void> {
  for (const pod of pods) await createPodNetwork(pod);
  enableIpv6Forwarding(api.link, savedSysctls);
  await runCommand(['nft', '-f', '-'], dropRule);
}

/** Removes the pod's link and namespace, whichever exist, and ends the processes inside; says what it found. */
export async function removePodNetwork(pod: LabPod): Promise<readonly string[]> {
  const found: string[] = [];
  const inNamespace = existsSync(`/run/netns/${pod.netns}`);
  if (inNamespace) {
    found.push(`namespace ${pod.netns}`);
    for (const pid of (await runCommand(['ip', 'netns', 'pids', pod.netns])).split('\n').filter(Boolean)) {
      endProcess(Number(pid));
    }
  }
  // The host's end goes first: a namespace takes its links down later, in the background.
  if (existsSync(`/sys/class/net/${pod.link}`)) {
    found.push(`link ${pod.link}`);
    await runCommand(['ip', 'link', 'delete', pod.link]);
  }
  if (inNamespace) await runCommand(['ip', 'netns', 'delete', pod.netns]);
  return found;
}

/**
 * Removes exactly the lab's links, namespaces, table and settings, whichever of them exist, and ends the processes
 * that still run inside those namespaces. Returns what it found.
 */
export async function removeNetwork(savedSysctls: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pod of pods) found.push(...(await removePodNetwork(pod)));
  if ((await runCommand(['nft', 'list', 'tables'])).split('\n').includes(`table inet ${nftTable}`)) {
    found.push(`nftables table ${nftTable}`);
    await runCommand(['nft', 'delete', 'table', 'inet', nftTable]);
  }
  restoreIpv6Forwarding(savedSysctls);
  return found;
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ESRCH')) throw cause;
  }
}
