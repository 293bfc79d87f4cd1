/** The lab proves itself by what its own programs say, and by leaving nothing behind. Needs root and network namespaces. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BuiltEntry, buildEntry } from './built-entry.ts';
import type { JournalEntry } from './journal.ts';
import { type Lab, type LabOptions, startLab } from './lab.ts';
import { checkRequirements } from './requirements.ts';
import { runCommand } from './run-command.ts';
import { api, frontend, nftTable, outside, type PodRole, pods } from './topology.ts';

const path = process.env['PATH'] ?? '';
const requirements = checkRequirements(process.getuid?.(), path);
if (!requirements.ok) {
  if (process.env['REQUIRE_SERVICES'] === '1') throw new Error(requirements.error);
  console.warn(`skipping the lab's tests: ${requirements.error}`);
}

const forwarding = (): string[] =>
  ['ipv4/conf/all/forwarding', 'ipv6/conf/all/forwarding', 'ipv6/conf/all/accept_ra'].map((key) =>
    readFileSync(`/proc/sys/net/${key}`, 'utf8').trim(),
  );

/** Everything of the lab's that the kernel or the disk still knows. */
async function leftovers(): Promise<string[]> {
  const tables = (await runCommand(['nft', 'list', 'tables'])).split('\n').filter((line) => line.includes(nftTable));
  const links = pods.map((pod) => pod.link).filter((link) => existsSync(`/sys/class/net/${link}`));
  const namespaces = pods.map((pod) => pod.netns).filter((netns) => existsSync(`/run/netns/${netns}`));
  const files = ['/run/palomar-lab', '/run/palomar-lab.sysctls'].filter((file) => existsSync(file));
  const routes = (await runCommand(['ip', '-4', 'route'])) + (await runCommand(['ip', '-6', 'route']));
  const ours = routes.split('\n').filter((line) => line.includes('palomar-'));
  return [...tables, ...links, ...namespaces, ...files, ...ours];
}

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`);

const options = (entry: string): LabOptions => ({
  entry,
  path,
  requestsPerSecond: 40,
  kubernetesListen: { host: '127.0.0.1', port: 0 },
  applications: true,
  log: () => undefined,
});

describe.runIf(requirements.ok)('a lab', () => {
  let entry: BuiltEntry;
  let lab: Lab;
  const before = forwarding();

  beforeAll(async () => {
    entry = await buildEntry();
    const started = await startLab(options(entry.path));
    if (!started.ok) throw new Error(started.error);
    lab = started.value;
    return () => lab.stop();
  });

  afterAll(() => entry.remove());

  const heard = (role: PodRole, what: string, matches: (entry: JournalEntry) => boolean): Promise<JournalEntry> =>
    lab.journal(role).waitFor(what, matches, 30_000);

  test.each([
    ['200 over IPv4', 'GET', 200, 'ipv4'],
    ['200 over IPv6', 'GET', 200, 'ipv6'],
    ['201 over IPv4', 'POST', 201, 'ipv4'],
    ['201 over IPv6', 'POST', 201, 'ipv6'],
    ['404 over IPv4', 'GET', 404, 'ipv4'],
    ['404 over IPv6', 'GET', 404, 'ipv6'],
  ])('frontend gets %s from api', async (_name, method, status, family) => {
    await heard(
      'frontend',
      `${method} ${status} ${family}`,
      (e) => e.event === 'response' && e['method'] === method && e['status'] === status && e['family'] === family,
    );
  });

  test('a report that divides by zero in the database is a 500', async () => {
    await heard('frontend', '500', (e) => e.event === 'response' && e['status'] === 500);
    await heard('api', 'SQL error', (e) => e.event === 'query' && e['sqlState'] === '22012');
  });

  test.each(['ipv4', 'ipv6'])('api asks PostgreSQL over %s and gets rows', async (family) => {
    await heard('api', 'rows', (e) => e.event === 'query' && e['family'] === family && e['rows'] === 1);
  });

  test.each(['ipv4', 'ipv6'])('names resolve over %s, and one that is gone is NXDOMAIN', async (family) => {
    const isDns = (e: JournalEntry, outcome: string): boolean =>
      e.event === 'dns' && e['family'] === family && e['outcome'] === outcome;
    await heard('api', 'NOERROR', (e) => isDns(e, 'NOERROR') && e['name'] === 'postgres.production.svc.cluster.local');
    await heard('api', 'NXDOMAIN', (e) => isDns(e, 'ENOTFOUND') && String(e['name']).startsWith('inventory.'));
  });

  test.each([
    ['ipv4', outside.ipv4],
    ['ipv6', outside.ipv6],
  ])('over %s frontend reaches the payment provider by TLS and api does not', async (family) => {
    await heard('frontend', 'paid', (e) => e.event === 'payment' && e['family'] === family && e['outcome'] === '201');
    await heard(
      'api',
      'timeout',
      (e) => e.event === 'payment' && e['family'] === family && e['outcome'] === 'connect timeout',
    );
    const fromApi = lab
      .journal('outside')
      .entries.filter((e) => e.event === 'request' && [api.ipv6, `::ffff:${api.ipv4}`].includes(String(e['from'])));
    expect(fromApi).toEqual([]);
  });

  test('the firewall counted the packets that it dropped, IPv4 and IPv6', async () => {
    const rules = await runCommand(['nft', 'list', 'table', 'inet', nftTable]);
    const counts = [...rules.matchAll(/counter packets (\d+)/g)].map((match) => Number(match[1]));
    expect(counts).toHaveLength(2);
    for (const count of counts) expect(count).toBeGreaterThan(0);
  });

  test('webhooks come in from outside', async () => {
    await heard('outside', 'webhook', (e) => e.event === 'webhook' && e['status'] === 200);
  });

  test('nothing else fails', () => {
    for (const role of ['frontend', 'api', 'outside'] as const) {
      const failures = lab.journal(role).entries.filter((e) => ['failure', 'tls-error', 'text'].includes(e.event));
      expect(failures).toEqual([]);
    }
    const payments = lab.journal('frontend').entries.filter((e) => e.event === 'payment');
    expect(payments.filter((e) => e['outcome'] !== '201')).toEqual([]);
  });

  test('programs run inside a pod', async () => {
    expect(await lab.exec(frontend, ['ip', '-brief', 'address', 'show', 'dev', 'eth0'])).toContain(frontend.ipv4);
  });

  test('a second lab is refused, and the first one stays', async () => {
    const second = await startLab(options(entry.path));
    expect(second).toEqual({ ok: false, error: 'another lab is running on this host; stop it first' });
    expect(existsSync(`/run/netns/${frontend.netns}`)).toBe(true);
  });

  test('after stop nothing is left, and forwarding is as it was', async () => {
    await lab.stop();
    expect(await leftovers()).toEqual([]);
    expect(forwarding()).toEqual(before);
  });
});

describe.runIf(requirements.ok)('the lab program', () => {
  let entry: BuiltEntry;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    entry = await buildEntry();
  });
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
    entry.remove();
  });

  interface Running {
    readonly child: ChildProcess;
    readonly exit: Promise<number | null>;
    readonly ready: Promise<unknown>;
    readonly lines: string[];
  }

  function run(...flags: string[]): Running {
    const child = spawn(process.execPath, [entry.path, ...flags], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    children.push(child);
    const lines: string[] = [];
    if (child.stderr) createInterface({ input: child.stderr }).on('line', (line) => lines.push(line));
    const exit = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
    const ready = Promise.race([
      new Promise<unknown>((resolve) => child.once('message', resolve)),
      exit.then((code) => Promise.reject(new Error(`ended with ${code}: ${lines.join('\n')}`))),
    ]);
    ready.catch(() => undefined);
    return { child, exit, ready, lines };
  }

  async function podPids(): Promise<number[]> {
    const lists = await Promise.all(pods.map((pod) => runCommand(['ip', 'netns', 'pids', pod.netns])));
    return lists.flatMap((list) => list.split('\n').filter(Boolean).map(Number));
  }

  test('tells the stand-in and the pods when it is ready, and SIGTERM leaves nothing', async () => {
    const { child, exit, ready, lines } = run();
    expect(await ready).toMatchObject({
      ready: true,
      kubernetesUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    });
    for (const pod of pods) {
      expect(lines.find((line) => line.includes(pod.name) && line.includes(pod.ipv6))).toBeDefined();
    }
    const pids = await podPids();
    expect(pids.length).toBeGreaterThanOrEqual(pods.length);
    const sentMs = performance.now();
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
    expect(performance.now() - sentMs).toBeLessThan(4000);
    expect(await leftovers()).toEqual([]);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  test('a lab whose parent is gone leaves nothing', async () => {
    const { child, exit, ready } = run();
    await ready;
    child.disconnect();
    expect(await exit).toBe(0);
    expect(await leftovers()).toEqual([]);
  });

  test('a killed lab takes its programs along; --down removes the rest', async () => {
    const { child, exit, ready } = run();
    await ready;
    const pids = await podPids();
    child.kill('SIGKILL');
    await exit;
    await expect.poll(() => pids.filter(isAlive), { timeout: 5000 }).toEqual([]);
    expect(await leftovers()).not.toEqual([]);
    const down = run('--down');
    expect(await down.exit).toBe(0);
    expect(down.lines.join('\n')).toContain(frontend.netns);
    expect(await leftovers()).toEqual([]);
  });

  test.each([
    ['an unknown flag', ['--speed', '3'], '--speed'],
    ['a rate that is no number', ['--rate', 'fast'], '--rate fast'],
    ['a bad address', ['--kubernetes-listen', 'here'], '--kubernetes-listen here'],
  ])('%s is one clear line and exit 2', async (_name, flags, said) => {
    const { exit, lines } = run(...flags);
    expect(await exit).toBe(2);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(said);
  });
});
