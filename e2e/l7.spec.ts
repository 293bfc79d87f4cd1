/** Every request and every lookup is there once, with what was said: 10,000 over HTTP, 1,000 over DNS. */
import { beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

import { api, dns, frontend, ports } from './lab/topology.ts';
import { startMeasuredStack, type MeasuredStack } from './measured-stack.ts';
import { eventually } from './stack.ts';

let measured: MeasuredStack;
beforeAll(async () => {
  measured = await startMeasuredStack();
  return () => measured.stop();
});

const lineSchema = z.object({ line: z.string(), count: z.coerce.number() });

/** Answered exchanges of one protocol as `line -> how often`, once there are `wanted` of them and no more come. */
async function stored(l7Type: string, line: string, server: string, wanted: number): Promise<Map<string, number>> {
  let total = -1;
  return eventually(
    60_000,
    async () => {
      const rows = await measured.rows(
        `SELECT ${line} AS line, count() AS count
        FROM flows
        WHERE time > now() - INTERVAL 1 HOUR AND l7_type = {type: String} AND kind = 'l7_response' AND dst_endpoint IN (SELECT id FROM endpoints WHERE pod = {server: String})
        GROUP BY line
        LIMIT 100000`,
        { type: l7Type, server },
        lineSchema,
      );
      const before = total;
      total = rows.reduce((sum, row) => sum + row.count, 0);
      // Twice the same: what would be too many has had time to come.
      return total >= wanted && total === before ? new Map(rows.map((row) => [row.line, row.count])) : null;
    },
    () => `${wanted} ${l7Type} exchanges; so far ${total}`,
  );
}

/** What is in one list and not, or not as often, in the other; the first few of each. */
function differences(truth: ReadonlyMap<string, number>, found: ReadonlyMap<string, number>): string[] {
  const lines = new Set([...truth.keys(), ...found.keys()]);
  const differing = [...lines].filter((line) => truth.get(line) !== found.get(line));
  return differing
    .slice(0, 20)
    .map((line) => `${line}: ${truth.get(line) ?? 0} happened, ${found.get(line) ?? 0} stored`);
}

function tally(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

test('10,000 requests over kept connections, split and pipelined, are 10,000 with method, path and status', async () => {
  const server = await measured.serve(api, { mode: 'http-server', port: ports.http, seed: 11 });
  await measured.load(frontend, {
    mode: 'http-client',
    targets: [
      { host: api.ipv4, port: ports.http },
      { host: api.ipv6, port: ports.http },
    ],
    connections: 10,
    requestsPerConnection: 1000,
    seed: 12,
    truthFile: measured.truthFile('http'),
  });
  await server.stop();
  const exchange = z.object({ method: z.string(), path: z.string(), status: z.number() });
  const truth = measured.readTruth('http', exchange).map(({ method, path, status }) => `${method} ${path} ${status}`);
  expect(truth).toHaveLength(10_000);

  const line = `concat(http_method, ' ', http_path, ' ', toString(http_status))`;
  const found = await stored('HTTP', line, api.name, truth.length);
  expect(differences(tally(truth), found)).toEqual([]);
});

test('the map counts them as 10,000 requests, each answered, with latencies', async () => {
  // The requests are there; the connections that carried them are told by the next scan.
  const edge = await eventually(
    15_000,
    async () => {
      const { edges } = await measured.stack.map();
      const found = edges.find(
        ({ source, destination }) => source.endsWith('/frontend') && destination.endsWith('/api'),
      );
      return found !== undefined && found.connections >= 10 ? found : null;
    },
    () => 'ten connections from frontend to api',
  );
  expect(edge).toMatchObject({ requests: 10_000, unanswered: 0, connections: 10, drops: 0 });
  expect(edge.latencyMs?.p50).toBeGreaterThan(0);
  expect(edge.protocols).toContainEqual({ l4: 'TCP', port: ports.http, l7: 'HTTP' });
});

test('1,000 DNS lookups are 1,000 with name, type and code', async () => {
  await measured.load(api, {
    mode: 'dns-client',
    targets: [
      { host: dns.ipv4, port: ports.dns },
      { host: dns.ipv6, port: ports.dns },
    ],
    questionsPerTarget: 500,
    sockets: 8,
    seed: 13,
    truthFile: measured.truthFile('dns'),
  });
  const lookup = z.object({ name: z.string(), type: z.string(), rcode: z.string() });
  const truth = measured.readTruth('dns', lookup).map(({ name, type, rcode }) => `${name} ${type} ${rcode}`);
  expect(truth).toHaveLength(1000);
  expect(new Set(truth.map((text) => text.split(' ')[2]))).toEqual(new Set(['NOERROR', 'NXDOMAIN', 'REFUSED']));

  // Some write a name with its final dot.
  const line = `concat(trimRight(dns_name, '.'), ' ', dns_type, ' ', dns_rcode)`;
  const found = await stored('DNS', line, dns.name, truth.length);
  expect(differences(tally(truth), found)).toEqual([]);
});

test('nothing between the pods was dropped, and nothing was lost or given up', async () => {
  const map = await measured.stack.map();
  const ofPods = new Set(map.nodes.filter((node) => node.pods.length > 0).map((node) => node.id));
  const between = map.edges.filter((edge) => ofPods.has(edge.source) && ofPods.has(edge.destination));
  expect(between.length).toBeGreaterThanOrEqual(2);
  expect(between.filter((edge) => edge.drops > 0)).toEqual([]);
  // Large bodies are cut on purpose: only their heads are copied.
  const lost = Object.keys(map.evidence.coverage.lost).filter((counter) => counter !== 'l7_truncated');
  expect(lost).toEqual([]);
});
