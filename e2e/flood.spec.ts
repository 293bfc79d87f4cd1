/**
 * As many requests and lookups as this machine drives: what is stored is what was sent, less what is counted as lost.
 * PALOMAR_FLOOD_REQUESTS and PALOMAR_FLOOD_LOOKUPS set how many; docs/measurements.md has a run with 1,000,000 and 100,000.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

import { api, dns, frontend, loadZone } from './lab/topology.ts';
import type { MeasuredStack } from './measured-stack.ts';
import { nginxPorts, startStackWithNginx } from './nginx.ts';
import { eventually } from './stack.ts';

const requests = Number(process.env['PALOMAR_FLOOD_REQUESTS'] ?? 50_000);
const lookups = Number(process.env['PALOMAR_FLOOD_LOOKUPS'] ?? 10_000);
const path = '/ok/flood';

let measured: MeasuredStack;
let folder: string;
beforeAll(async () => {
  const started = await startStackWithNginx();
  ({ measured, folder } = started);
  return () => started.stop();
});

const countSchema = z.object({ count: z.coerce.number() });

/** Rows that answer to `where`, once there are enough or no more come for six looks. */
async function stored(where: string, parameters: Record<string, unknown>, wanted: number): Promise<number> {
  let before = -1;
  let still = 0;
  return eventually(
    180_000,
    async () => {
      const [row] = await measured.rows(
        `SELECT count() AS count FROM flows WHERE time > now() - INTERVAL 1 HOUR AND ${where}`,
        parameters,
        countSchema,
      );
      const count = row?.count ?? 0;
      still = count === before ? still + 1 : 0;
      before = count;
      return count >= wanted || (count > 0 && still >= 6) ? count : null;
    },
    () => `rows to stop coming; ${before} so far`,
  );
}

/** Losses that can cost an exchange, by counter. */
async function lost(): Promise<Readonly<Record<string, number>>> {
  const rows = await measured.rows(
    `SELECT counter, toString(sum(value)) AS count
    FROM coverage
    WHERE time > now() - INTERVAL 1 HOUR
    GROUP BY counter
    LIMIT 1000`,
    {},
    z.object({ counter: z.string(), count: z.coerce.number() }),
  );
  const harmless = /^(packets_|drops_|l7_truncated|http_bodies_skipped|identity_|.*_entries$|.*_max$|interfaces$)/;
  return Object.fromEntries(rows.filter(({ counter }) => !harmless.test(counter)).map((r) => [r.counter, r.count]));
}

function expectAccounted(sent: number, found: number, losses: Readonly<Record<string, number>>): void {
  const total = Object.values(losses).reduce((sum, value) => sum + value, 0);
  const facts = `${found} of ${sent} stored; losses ${JSON.stringify(losses)}`;
  expect(found, facts).toBeLessThanOrEqual(sent);
  expect(found, facts).toBeGreaterThanOrEqual(sent - total);
}

/** Losses of which the probe tells how many requests were in them. */
const isToldInRequests = (counter: string): boolean =>
  ['ring_full', 'frames_lost', 'http_requests_lost'].includes(counter);

/** With one request per segment nothing is unaccounted for, unless something else was lost too. */
function expectRequestsAccounted(sent: number, found: number, losses: Readonly<Record<string, number>>): void {
  if (Object.keys(losses).every(isToldInRequests))
    expect(found + (losses['http_requests_lost'] ?? 0), `${found} stored; losses ${JSON.stringify(losses)}`).toBe(sent);
  else expectAccounted(sent, found, losses);
}

const numberAfter = (text: string, words: RegExp): number => Number(words.exec(text)?.[1] ?? NaN);

/** Requests for that path, as many as `ab` drives; resolves with how many a second they were. */
async function sendRequests(path: string, count: number): Promise<number> {
  const url = `http://${api.ipv4}:${nginxPorts.http1}${path}`;
  const said = await measured.lab.exec(frontend, ['ab', '-q', '-k', '-c', '32', '-n', String(count), url]);
  expect(numberAfter(said, /Complete requests:\s+(\d+)/)).toBe(count);
  expect(numberAfter(said, /Failed requests:\s+(\d+)/)).toBe(0);
  return numberAfter(said, /Requests per second:\s+([\d.]+)/);
}

const storedRequests = (path: string, count: number): Promise<number> =>
  stored(`l7_type = 'HTTP' AND http_path = {path: String}`, { path }, count);

test(`${requests} requests`, async () => {
  const rate = await sendRequests(path, requests);
  const found = await storedRequests(path, requests);
  console.log(`${rate} requests/s sent, ${found} of ${requests} stored`);
  expectRequestsAccounted(requests, found, await lost());
});

test.each([
  ['200 ms: nothing is lost', 200, false],
  ['3 s: what the ring cannot hold is counted', 3000, true],
] as const)('a probe that stands still for %s', async (_name, stillMs, mayLose) => {
  const stallPath = `/ok/still-${stillMs}`;
  const before = await lost();
  const probe = await measured.stack.pidOf('bpf/build/palomar-probe');
  const sending = sendRequests(stallPath, requests);
  await sleep(300);
  process.kill(probe, 'SIGSTOP');
  await sleep(stillMs);
  process.kill(probe, 'SIGCONT');
  const rate = await sending;
  const found = await storedRequests(stallPath, requests);
  const after = await lost();
  const losses = Object.fromEntries(
    Object.entries(after).flatMap(([counter, count]) => {
      const more = count - (before[counter] ?? 0);
      return more > 0 ? [[counter, more]] : [];
    }),
  );
  console.log(`${rate} requests/s sent, ${found} of ${requests} stored, lost ${JSON.stringify(losses)}`);
  expectRequestsAccounted(requests, found, losses);
  if (!mayLose) expect(found).toBe(requests);
});

test(`${lookups} lookups`, async () => {
  const questions = join(folder, 'questions');
  writeFileSync(questions, Array.from({ length: lookups }, (_, n) => `flood-${n}.${loadZone} A\n`).join(''));
  const argv = ['dnsperf', '-s', dns.ipv4, '-d', questions, '-n', '1', '-c', '16', '-q', '64', '-t', '5'];
  const said = await measured.lab.exec(frontend, argv);
  const sent = numberAfter(said, /Queries sent:\s+(\d+)/);
  const completed = numberAfter(said, /Queries completed:\s+(\d+)/);
  expect(sent).toBe(lookups);
  const names = { suffix: `.${loadZone}` };
  const where = `l7_type = 'DNS' AND startsWith(dns_name, 'flood-') AND endsWith(trimRight(dns_name, '.'), {suffix: String})`;
  const found = await stored(where, names, lookups);
  const answered = await stored(`${where} AND kind = 'l7_response'`, names, completed);
  console.log(`${numberAfter(said, /Queries per second:\s+([\d.]+)/)} lookups/s sent, ${found} of ${sent} stored`);
  const losses = await lost();
  expectAccounted(sent, found, losses);
  expectAccounted(completed, answered, losses);
});
