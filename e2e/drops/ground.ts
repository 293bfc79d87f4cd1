/**
 * Where drops are provoked: a host that routes and bridges between two pods, each a network namespace. Everything here
 * is ours to break, and goes with the namespaces.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';

import { runCommand } from '../lab/run-command.ts';

export const places = { host: 'palomar-drop-h', client: 'palomar-drop-a', server: 'palomar-drop-b' } as const;
export type Place = keyof typeof places;
export type Family = 4 | 6;

const build = new URL('../../bpf/build/', import.meta.url).pathname;
const provokeProgram = `${build}provoke`;

export const clientAddress: Record<Family, string> = { 4: '10.97.1.2', 6: 'fd97:1::2' };
export const serverAddress: Record<Family, string> = { 4: '10.97.2.2', 6: 'fd97:2::2' };
/** The server, seen through the bridge instead of the router. */
export const bridgedServer: Record<Family, string> = { 4: '10.97.3.2', 6: 'fd97:3::2' };
export const bridgedClient: Record<Family, string> = { 4: '10.97.3.1', 6: 'fd97:3::1' };
/** Routed by the host to nobody in particular: for rows that make a route. */
export const elsewhere: Record<Family, string> = { 4: '10.97.9.9', 6: 'fd97:9::9' };
/** On the server's link, and nobody's. */
export const neighbourless: Record<Family, string> = { 4: '10.97.2.77', 6: 'fd97:2::77' };

/** Says why not, once, where it cannot be done; in CI that is an error. */
export function isPossible(): boolean {
  const why =
    process.getuid?.() !== 0
      ? 'network namespaces need root'
      : existsSync(provokeProgram)
        ? null
        : 'bpf/build/provoke is missing; run: make -C bpf test-tools';
  if (why === null) return true;
  if (process.env['REQUIRE_SERVICES'] === '1') throw new Error(why);
  console.warn(`skipping drops: ${why}`);
  return false;
}

/** Runs a program in a namespace; the words are split at blanks, but for what is in single quotes. */
export function run(place: Place, command: string): Promise<string> {
  const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
  return runCommand(['ip', 'netns', 'exec', places[place], ...words]);
}

/** What the program that caused the drop was told. */
export async function provoke(place: Place, command: string): Promise<string> {
  return (await run(place, `${provokeProgram} ${command}`)).trim();
}

/** One of the ordinary clients of bpf/tests/traffic.c. */
export const traffic = (place: Place, command: string): Promise<string> => run(place, `${build}traffic ${command}`);

/** A program that is up once it says so, or, if it says nothing, once it runs; it ends by itself within a minute. */
export async function startHelper(place: Place, command: string): Promise<ChildProcess> {
  const isTraffic = command.startsWith('serve ');
  const program = isTraffic ? `${build}traffic` : provokeProgram;
  const child = spawn('ip', ['netns', 'exec', places[place], program, ...command.split(' ')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (isTraffic) await listening(place, command.slice('serve '.length));
  else await once(createInterface({ input: child.stdout }), 'line');
  return child;
}

async function listening(place: Place, port: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const hex = Number(port).toString(16).toUpperCase().padStart(4, '0');
    if (new RegExp(`:${hex} 0{32}:0000 0A`).test(await run(place, 'cat /proc/self/net/tcp6'))) return;
  }
  throw new Error(`nobody listens on port ${port}`);
}

export const netnsOf = (place: Place): number => statSync(`/run/netns/${places[place]}`).ino;

export async function linkAddress(place: Place, link: string): Promise<string> {
  return (await run(place, `cat /sys/class/net/${link}/address`)).trim();
}

/** A routed leg: 10.97.N.0/24 and fd97:N::/64 between the host and one pod, the host's end named after the pod. */
async function addLeg(pod: 'client' | 'server', n: number, hostLink: string): Promise<void> {
  const [own, host] = [places[pod], places.host];
  await runCommand(words(`ip link add ${hostLink} netns ${host} type veth peer name eth0 netns ${own}`));
  await run('host', `ip address add 10.97.${n}.1/24 dev ${hostLink}`);
  await run('host', `ip address add fd97:${n}::1/64 dev ${hostLink} nodad`);
  await run('host', `ip link set ${hostLink} up`);
  await run(pod, `ip address add 10.97.${n}.2/24 dev eth0`);
  await run(pod, `ip address add fd97:${n}::2/64 dev eth0 nodad`);
  await run(pod, 'ip link set eth0 up');
  await run(pod, 'ip link set lo up');
  await run(pod, `ip route add default via 10.97.${n}.1`);
  await run(pod, `ip -6 route add default via fd97:${n}::1`);
}

async function addBridgePort(pod: 'client' | 'server', n: number, hostLink: string): Promise<void> {
  await runCommand(
    words(`ip link add ${hostLink} netns ${places.host} type veth peer name bridged netns ${places[pod]}`),
  );
  await run('host', `ip link set ${hostLink} master bridge`);
  await run('host', `ip link set ${hostLink} up`);
  await run(pod, `ip address add 10.97.3.${n}/24 dev bridged`);
  await run(pod, `ip address add fd97:3::${n}/64 dev bridged nodad`);
  await run(pod, 'ip link set bridged up');
}

const words = (line: string): string[] => line.split(' ');

export async function makeGround(): Promise<void> {
  await removeGround();
  for (const name of Object.values(places)) await runCommand(['ip', 'netns', 'add', name]);
  await run('host', 'ip link set lo up');
  await run('host', `sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding'`);
  // An error of ICMP per drop, as fast as they come: a client is told of every one.
  await run('host', `sh -c 'echo 0 > /proc/sys/net/ipv4/icmp_ratelimit; echo 0 > /proc/sys/net/ipv6/icmp/ratelimit'`);
  await run('server', `sh -c 'echo 0 > /proc/sys/net/ipv4/icmp_ratelimit; echo 0 > /proc/sys/net/ipv6/icmp/ratelimit'`);
  await addLeg('client', 1, 'to-client');
  await addLeg('server', 2, 'to-server');
  await run('host', 'ip link add bridge type bridge');
  await run('host', 'ip link set bridge up');
  await addBridgePort('client', 1, 'port-client');
  await addBridgePort('server', 2, 'port-server');
}

export async function removeGround(): Promise<void> {
  const present = new Set((await runCommand(['ip', 'netns', 'list'])).split('\n').map((line) => line.split(' ')[0]));
  for (const name of Object.values(places)) if (present.has(name)) await runCommand(['ip', 'netns', 'delete', name]);
}
