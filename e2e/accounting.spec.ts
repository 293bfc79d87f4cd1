/** What flows say was transferred is what the interfaces counted: 100 MB there and back, both IP versions. */
import { beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

import { api, frontend } from './lab/topology.ts';
import { startMeasuredStack, type MeasuredStack } from './measured-stack.ts';
import { eventually } from './stack.ts';
import { countersBetween, readCounters } from './traffic/interface-counters.ts';

const bytes = 100_000_000;
const tolerance = 0.001;

let measured: MeasuredStack;
beforeAll(async () => {
  measured = await startMeasuredStack();
  return () => measured.stop();
});

const count = z.coerce.number();
const totalsSchema = z.object({
  ended: count,
  connections: count,
  reporters: z.array(z.string()),
  bytes_to_dst: count,
  bytes_to_src: count,
  packets_to_dst: count,
  packets_to_src: count,
  peer_bytes_to_dst: count,
  peer_bytes_to_src: count,
  peer_packets_to_dst: count,
  peer_packets_to_src: count,
});
type Totals = z.infer<typeof totalsSchema>;

/** The sums of all rows of the conversation to `port`, once its end has been written. */
async function totalsTo(port: number): Promise<Totals> {
  const counters = ['bytes_to_dst', 'bytes_to_src', 'packets_to_dst', 'packets_to_src'];
  const sums = [...counters, ...counters.map((name) => `peer_${name}`)].map((name) => `sum(${name}) AS ${name}_sum`);
  const names = sums.map((sum) => sum.split(' AS ')[1] ?? '').map((name) => `${name} AS ${name.replace(/_sum$/, '')}`);
  const inner = `SELECT countIf(kind = 'connection_end') AS ended, sum(connections) AS opened,
      groupUniqArray(toString(reporter)) AS reporters, ${sums.join(', ')}
    FROM flows
    WHERE time > now() - INTERVAL 1 HOUR AND startsWith(toString(kind), 'connection_') AND verdict = 'FORWARDED'
      AND src_endpoint IN (SELECT id FROM endpoints WHERE pod = {src: String})
      AND dst_endpoint IN (SELECT id FROM endpoints WHERE pod = {dst: String}) AND dst_port = {port: UInt16}`;
  let last: Totals | undefined;
  return eventually(
    60_000,
    async () => {
      const rows = await measured.rows(
        `SELECT ended, opened AS connections, reporters, ${names.join(', ')} FROM (${inner}) LIMIT 1`,
        { src: frontend.name, dst: api.name, port },
        totalsSchema,
      );
      last = rows[0];
      return last !== undefined && last.ended > 0 ? last : null;
    },
    () => `an end of the conversation to port ${port}; so far ${JSON.stringify(last)}`,
  );
}

const close = (actual: number, expected: bigint): void => {
  const difference = Math.abs(actual - Number(expected)) / Number(expected);
  expect(difference, `${actual} flows say, ${expected} the interface says`).toBeLessThan(tolerance);
};

/**
 * With segmentation left to the card, an interface counts the super-packets it was handed, and flows count the segments
 * they stand for: bytes agree, packets cannot. Packets are compared where the pods cut the segments themselves.
 */
test.each([
  { name: 'IPv4, segments cut by the pods', host: api.ipv4, port: 9001, cutByPods: true },
  { name: 'IPv6, segments cut by the pods', host: api.ipv6, port: 9002, cutByPods: true },
  { name: 'IPv4, segmentation offloaded', host: api.ipv4, port: 9003, cutByPods: false },
  { name: 'IPv6, segmentation offloaded', host: api.ipv6, port: 9004, cutByPods: false },
])('100 MB each way over $name agree with the interface counters within 0.1 %', async ({ host, port, cutByPods }) => {
  for (const pod of [frontend, api]) {
    await measured.lab.exec(pod, ['ip', 'link', 'set', 'eth0', 'gso_max_segs', cutByPods ? '1' : '65535']);
  }
  const server = await measured.serve(api, { mode: 'transfer-server', port });
  const before = { source: readCounters(frontend.link), destination: readCounters(api.link) };
  await measured.load(frontend, { mode: 'transfer-client', target: { host, port }, bytes });
  const source = countersBetween(before.source, readCounters(frontend.link));
  const destination = countersBetween(before.destination, readCounters(api.link));
  await server.stop();
  expect(Number(source.rxBytes)).toBeGreaterThan(bytes);
  expect(Number(source.txBytes)).toBeGreaterThan(bytes);

  const totals = await totalsTo(port);
  expect(totals.connections).toBe(1);
  expect(totals.reporters).toEqual(['source']);
  // A pod's packets come into the host by its link (rx), and leave the host by the other pod's (tx).
  close(totals.bytes_to_dst, source.rxBytes);
  close(totals.bytes_to_src, source.txBytes);
  close(totals.peer_bytes_to_dst, destination.txBytes);
  close(totals.peer_bytes_to_src, destination.rxBytes);
  if (cutByPods) {
    close(totals.packets_to_dst, source.rxPackets);
    close(totals.packets_to_src, source.txPackets);
    close(totals.peer_packets_to_dst, destination.txPackets);
    close(totals.peer_packets_to_src, destination.rxPackets);
  } else {
    expect(totals.packets_to_dst).toBeGreaterThan(Number(source.rxPackets));
  }
});

test('the map has the transfers once, not once per link', async () => {
  const map = await measured.stack.map();
  const edges = map.edges.filter((edge) => edge.source.endsWith('/frontend') && edge.destination.endsWith('/api'));
  expect(edges).toHaveLength(1);
  const toDestination = Number(edges[0]?.bytesToDestination);
  expect(toDestination).toBeGreaterThan(4 * bytes);
  expect(toDestination).toBeLessThan(4.5 * bytes);
});
