/** The promise of the first page: start with the lab, and within a minute the map tells the truth about it. */
import { mkdir } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { MapEdge, MapResponse } from '../model/api.ts';
import { bpfPrograms, bpfProgramsAgain, settledBpfPrograms } from './bpf-programs.ts';
import { accessProblems } from './access-problems.ts';
import { openBrowser, pageErrors, type Browser } from './browser.ts';
import { eventually, startStack, type Stack } from './stack.ts';

const id = (namespace: string, kind: string, name: string): string => `default/${namespace}/${kind}/${name}`;
const frontend = id('production', 'Deployment', 'frontend');
const api = id('production', 'Deployment', 'api');
const postgres = id('production', 'StatefulSet', 'postgres');
const dns = id('kube-system', 'Deployment', 'dns');
const stripe = id('', 'name', 'payment.stripe.com');

let stack: Stack;
let browser: Browser;
let programsBefore: string[];

beforeAll(async () => {
  programsBefore = await settledBpfPrograms();
  stack = await startStack({ args: ['--lab'], env: { PALOMAR_CLUSTER: 'default' } });
  browser = await openBrowser();
});
afterAll(async () => {
  await browser.close();
  await stack.remove();
});

const between = (map: MapResponse, source: string, destination: string): MapEdge | undefined =>
  map.edges.find((edge) => edge.source === source && edge.destination === destination);

const isLab = (edge: MapEdge): boolean =>
  [edge.source, edge.destination].some((node) => /^default\/(production|kube-system)\//.test(node));

let map: MapResponse;

test('within 60 s of ready the map has the lab: HTTP, SQL, DNS and the dropped egress', async () => {
  let last: MapResponse | null = null;
  map = await eventually(
    60_000,
    async () => {
      last = await stack.map({ from: 'now-5m' });
      const wanted = [
        (between(last, frontend, api)?.requests ?? 0) > 20,
        typeof between(last, frontend, api)?.latencyMs?.p50 === 'number',
        (between(last, api, postgres)?.connections ?? 0) > 0,
        (between(last, api, dns)?.requests ?? 0) > 0,
        (between(last, api, stripe)?.drops ?? 0) > 0,
      ];
      return wanted.every(Boolean) ? last : null;
    },
    () => JSON.stringify(last?.edges.map((e) => [e.source, e.destination, e.requests, e.drops])),
  );

  const http = between(map, frontend, api);
  expect(http?.protocols).toContainEqual({ l4: 'TCP', port: 8080, l7: 'HTTP' });
  expect(http?.statuses.map((s) => s.status)).toContain('200');
  expect(http?.latencyMs?.p50).toBeGreaterThan(0);
  expect(between(map, api, postgres)?.protocols.map((p) => p.port)).toContain(5432);
  expect(between(map, api, dns)?.protocols.map((p) => p.l7)).toContain('DNS');
});

test('the dropped egress is DROPPED by NETFILTER_DROP, and nothing else is dropped', async () => {
  const fresh = await stack.map({ from: 'now-5m' });
  // What else this host talks to is not the lab's: a server's last words to a program that has ended are a drop, too.
  const dropped = fresh.edges.filter((edge) => edge.drops > 0 && isLab(edge));
  expect(dropped.map((edge) => [edge.source, edge.destination])).toEqual([[api, stripe]]);
  expect(dropped[0]?.dropReasons.map((r) => r.reason)).toEqual(['NETFILTER_DROP']);

  const { flows } = await stack.flows({ from: 'now-5m', filter: 'verdict:dropped (ns:production or ns:kube-system)' });
  expect(flows.length).toBeGreaterThan(0);
  for (const flow of flows) {
    expect(flow).toMatchObject({ verdict: 'DROPPED', dropReason: 'NETFILTER_DROP', protocol: 'TCP', isReply: false });
    expect(flow.from).toMatchObject({ namespace: 'production', workload: 'api' });
    expect(flow.to).toMatchObject({ port: 443 });
    expect(flow.to.names).toContain('payment.stripe.com');
  }
  expect(new Set(flows.map((flow) => flow.ipVersion))).toEqual(new Set([4, 6]));
});

test('the browser shows the same map, and a click on the dropped edge shows its flows', async () => {
  const page = await browser.page();
  const problems = pageErrors(page);
  await page.goto(`${stack.url}/?range=5m`);
  for (const name of ['frontend', 'api', 'postgres', 'dns', 'payment.stripe.com']) {
    await page
      .getByRole('button', { name: new RegExp(`\\b${name.replaceAll('.', '\\.')}\\b`) })
      .first()
      .waitFor();
  }
  const edge = page.getByRole('button', { name: /api.*(→|to).*payment\.stripe\.com/i }).first();
  await edge.focus();
  await edge.press('Enter');
  await page.getByText('NETFILTER_DROP').first().waitFor();
  await page.getByText('DROPPED').first().waitFor();
  expect(new URL(page.url()).search).toContain('stripe');

  const reopened = await browser.page();
  await reopened.goto(page.url());
  await reopened.getByText('NETFILTER_DROP').first().waitFor();

  expect(await accessProblems(page)).toEqual([]);
  expect(problems).toEqual([]);

  await mkdir('e2e/results', { recursive: true });
  await page.screenshot({ path: 'e2e/results/first-light.png' });
  await page.close();
  await reopened.close();
});

test('a click of the mouse opens a card', async () => {
  const page = await browser.page();
  await page.goto(`${stack.url}/?range=5m`);
  await page.getByRole('button', { name: /^frontend, / }).click();
  await page.getByRole('complementary', { name: 'frontend' }).waitFor();
  await page.close();
});

test('SIGTERM stops everything within 5 s and leaves the same BPF programs as before', async () => {
  expect(bpfPrograms()).not.toEqual(programsBefore);
  const { code, ms } = await stack.stop();
  expect(code).toBe(0);
  expect(ms).toBeLessThan(5_000);
  await bpfProgramsAgain(programsBefore);
  const namespaces = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout;
  expect(namespaces).not.toContain('palomar-lab');
});
