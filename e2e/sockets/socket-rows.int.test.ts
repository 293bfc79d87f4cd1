/**
 * What only sockets, calls and TLS libraries know, from the kernel to the row, against what the client itself was told.
 * Needs root, network namespaces and a kernel with BTF.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';

import { formatAddress } from '../../collector/decode/address.ts';
import type { Row } from '../../collector/sink/rows.fixture.ts';
import { connectResults, flowKinds, verdicts } from '../../model/words.ts';
import {
  clientAddress,
  isPossible,
  makeGround,
  places,
  removeGround,
  run,
  serverAddress,
  startHelper,
  traffic,
  type Family,
} from '../drops/ground.ts';
import { startWatch, type Watch } from '../drops/watch.ts';
import { runCommand } from '../lab/run-command.ts';

const families: readonly Family[] = [4, 6];
const nowhere: Record<Family, string> = { 4: '198.51.100.7', 6: '2001:db8::7' };
const service: Record<Family, string> = { 4: '10.96.0.10', 6: 'fd96::10' };
const plainPort = 18_080;
const securePort = 18_443;
const closedPort = 18_081;
const patienceMs = 10_000;

const urlHost = (family: Family, address: string): string => (family === 6 ? `[${address}]` : address);
const isTo =
  (address: string, port: number) =>
  (row: Row): boolean =>
    formatAddress(String(row['dst_ip'])) === address && row['dst_port'] === port;

/** What curl printed of the exchange; a failed one prints 000 and curl's own number for it. */
function curl(url: string, ...flags: readonly string[]): Promise<string> {
  const words = ['curl', '-sk', '--max-time', '5', '-o', '/dev/null', '-w', '%{http_code}', ...flags, url];
  return runCommand(['ip', 'netns', 'exec', places.client, ...words]).catch(() => 'failed');
}

describe.runIf(isPossible())('rows of what no packet tells', () => {
  let watch: Watch;
  let folder = '';
  const helpers: ChildProcess[] = [];

  const rowsTo = async (address: string, port: number, isEnough: (rows: readonly Row[]) => boolean): Promise<Row[]> => {
    for (let left = patienceMs; left > 0; left -= 100) {
      watch.flush();
      const rows = watch.rows.filter(isTo(address, port));
      if (isEnough(rows)) return rows;
      await sleep(100);
    }
    return watch.rows.filter(isTo(address, port));
  };

  const startSecureServer = async (): Promise<void> => {
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    await runCommand(
      `openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=shop.test -keyout ${key} -out ${certificate}`.split(
        ' ',
      ),
    );
    const words = `openssl s_server -accept ${securePort} -key ${key} -cert ${certificate} -www`.split(' ');
    const server = spawn('ip', ['netns', 'exec', places.server, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
    helpers.push(server);
    await once(server.stdout, 'data');
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'palomar-sockets-'));
    await makeGround();
    await run('client', 'ip route add unreachable 198.51.100.0/24');
    await run('client', 'ip -6 route add unreachable 2001:db8::/32');
    await run(
      'host',
      `nft 'table inet palomar_service { chain before { type nat hook prerouting priority dstnat; ` +
        `ip daddr ${service[4]} tcp dport 80 dnat ip to ${serverAddress[4]}:${plainPort}; ` +
        `ip6 daddr ${service[6]} tcp dport 80 dnat ip6 to [${serverAddress[6]}]:${plainPort}; }; }'`,
    );
    helpers.push(await startHelper('server', `serve ${plainPort}`));
    await startSecureServer();
    watch = await startWatch(['--tls-uprobes']);
    return async () => {
      await watch.stop();
      for (const helper of helpers) helper.kill('SIGKILL');
      await removeGround();
      await rm(folder, { recursive: true });
    };
  });

  test.each(families)('a call without a route is a row with its errno over IPv%s', async (family) => {
    expect(await curl(`http://${urlHost(family, nowhere[family])}:81/`)).toBe('failed');
    const rows = await rowsTo(nowhere[family], 81, (found) => found.length > 0);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      kind: flowKinds.indexOf('connection_end'),
      verdict: verdicts.indexOf('ERROR'),
      connect_result: connectResults.indexOf('LOCAL_ERROR'),
      socket_error: 'EHOSTUNREACH',
      connections: 1,
      src_process: 'curl',
    });
  });

  test.each(families)('a refused connection has the errno its client was told over IPv%s', async (family) => {
    expect(await curl(`http://${urlHost(family, serverAddress[family])}:${closedPort}/`)).toBe('failed');
    const isTold = (rows: readonly Row[]): boolean => rows.some((row) => row['socket_error'] !== '');
    const rows = await rowsTo(serverAddress[family], closedPort, isTold);
    expect(rows.find((row) => row['socket_error'] !== '')).toMatchObject({
      connect_result: connectResults.indexOf('REFUSED'),
      socket_error: 'ECONNREFUSED',
    });
  });

  test.each(families)('a connection of milliseconds has its round-trip time over IPv%s', async (family) => {
    await traffic('client', `connect ${serverAddress[family]} ${plainPort} 20`);
    const isOver = (rows: readonly Row[]): boolean => sum(rows, 'connections') === 20;
    const rows = await rowsTo(serverAddress[family], plainPort, isOver);
    const ends = rows.filter((row) => row['kind'] === flowKinds.indexOf('connection_end'));
    expect(sum(rows, 'connections')).toBe(20);
    expect(ends).toHaveLength(20);
    expect(ends.filter((row) => Number(row['srtt_us']) === 0)).toEqual([]);
  });

  test.each(families)('a connection to a service is one, to its backend, over IPv%s', async (family) => {
    const isAsked = (row: Row): boolean => formatAddress(String(row['service_ip'])) === service[family];
    await traffic('client', `connect ${service[family]} 80 5`);
    const rows = await rowsTo(
      serverAddress[family],
      plainPort,
      (found) => sum(found.filter(isAsked), 'connections') >= 5,
    );
    // A moment more, for a second telling to come.
    await sleep(1500);
    watch.flush();
    const asked = watch.rows.filter(isAsked);
    expect(rows.length).toBeGreaterThan(0);
    expect(sum(asked, 'connections')).toBe(5);
    expect(asked.every((row) => row['service_port'] === 80 && isTo(serverAddress[family], plainPort)(row))).toBe(true);
    expect(watch.rows.filter(isTo(service[family], 80))).toEqual([]);
  });

  test.each(families)('what curl asked by TLS is read in the clear over IPv%s', async (family) => {
    const resolve = `shop.test:${securePort}:${urlHost(family, serverAddress[family])}`;
    const isExchange = (row: Row): boolean => Number(row['http_status']) > 0;
    const codes = [];
    for (let i = 0; i < 3; i++) codes.push(await curl(`https://shop.test:${securePort}/cart`, '--resolve', resolve));
    expect(codes).toEqual(['200', '200', '200']);
    const rows = await rowsTo(serverAddress[family], securePort, (found) => found.filter(isExchange).length >= 3);
    const exchanges = rows.filter(isExchange);
    expect(exchanges.map((row) => row['http_status'])).toEqual([200, 200, 200]);
    expect(exchanges[0]).toMatchObject({ http_path: '/cart', http_method: 'GET', tls_sni: 'shop.test' });
    expect(exchanges[0]?.['tls_version']).toMatch(/^TLS ?v?1\.[23]$/);
    expect(formatAddress(String(exchanges[0]?.['src_ip']))).toBe(clientAddress[family]);
  });
});

function sum(rows: readonly Row[], column: string): number {
  return rows.reduce((total, row) => total + Number(row[column]), 0);
}
