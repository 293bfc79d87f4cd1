/**
 * The servers of the matrix, each the real one: nginx, gRPC's reference library, PostgreSQL, MariaDB, Redis, dnsmasq, an
 * echo by socat; and places that swallow, refuse or forbid. What it makes in the host's network it removes again.
 */
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { z } from 'zod';

import { runCommand, type Outcome } from '../lab/run-command.ts';
import { api, frontend, outside, postgres, type LabPod } from '../lab/topology.ts';
import type { MeasuredStack } from '../measured-stack.ts';
import { eventually } from '../stack.ts';
import { listens, nginxPorts, startNginx } from '../nginx.ts';

export type Family = 4 | 6;

export const matrixPorts = {
  ...nginxPorts,
  echo: 7007,
  grpc: 9090,
  closed: 8999,
  dropped: 8444,
  redis: 6379,
  mysql: 3306,
} as const;

/** Addresses nobody has: one that swallows every packet, one the host has no way to, one the pod itself has none to. */
export const nowhere = {
  silent: { 4: '10.77.9.10', 6: 'fd77:9::10' },
  unreachable: { 4: '10.77.9.9', 6: 'fd77:9::9' },
  forbidden: { 4: '10.77.9.11', 6: 'fd77:9::11' },
} as const;

export interface Ground {
  /** Runs a client in `frontend`. */
  client(argv: readonly string[]): Promise<Outcome>;
  /** A traffic program in `frontend`, and the `field` of what it said. */
  traffic(traffic: Parameters<MeasuredStack['load']>[1], field: string): Promise<string[]>;
  /** What nginx, and the gRPC server, have logged so far. */
  httpLog(): readonly string[];
  grpcLog(): readonly string[];
  stop(): Promise<void>;
}

export function addressOf(pod: LabPod, family: Family): string {
  return family === 4 ? pod.ipv4 : pod.ipv6;
}

/** As it stands in a URL. */
export function hostOf(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

const nftTable = 'palomar_matrix';
/** Deletes first what a run that was killed left behind: a rule that is there twice counts twice. */
const dropRule = `table inet ${nftTable} {}
delete table inet ${nftTable}
table inet ${nftTable} {
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname "${frontend.link}" tcp dport ${matrixPorts.dropped} counter drop
  }
}
`;

/**
 * Beyond `outside` a tun device whose reader throws away what it reads: packets that go there are never seen again, and
 * no kernel says that it dropped them. The routes go with the namespaces' links, the two unreachable ones by hand,
 * or are replaced when a run that was killed left them.
 */
async function makeNowhere(measured: MeasuredStack): Promise<() => Promise<void>> {
  const inOutside = (argv: readonly string[]): Promise<string> => measured.lab.exec(outside, argv);
  const swallow = measured.lab.spawn(outside, ['socat', '-u', 'TUN,tun-name=void,iff-up', '/dev/null']);
  await eventually(
    5000,
    async () => ((await measured.lab.attempt(outside, ['ip', 'link', 'show', 'void'])).exitCode === 0 ? true : null),
    () => JSON.stringify(swallow.journal.entries),
  );
  for (const family of [4, 6] as const) {
    const to = nowhere.silent[family];
    const ip = family === 4 ? [] : ['-6'];
    const prefix = family === 4 ? '32' : '128';
    await inOutside([
      'sh',
      '-c',
      `echo 1 > /proc/sys/net/ipv${family}/${family === 4 ? 'ip_forward' : 'conf/all/forwarding'}`,
    ]);
    await inOutside(['ip', ...ip, 'route', 'add', `${to}/${prefix}`, 'dev', 'void']);
    await runCommand(['ip', 'neighbour', 'add', to, 'lladdr', outside.podMac, 'dev', outside.link, 'nud', 'permanent']);
    await runCommand(['ip', ...ip, 'route', 'add', `${to}/${prefix}`, 'dev', outside.link]);
    await runCommand(['ip', ...ip, 'route', 'replace', 'unreachable', `${nowhere.unreachable[family]}/${prefix}`]);
    await measured.lab.exec(frontend, [
      'ip',
      ...ip,
      'route',
      'add',
      'prohibit',
      `${nowhere.forbidden[family]}/${prefix}`,
    ]);
  }
  await runCommand(['nft', '-f', '-'], dropRule);
  return async () => {
    await runCommand(['nft', 'delete', 'table', 'inet', nftTable]);
    await swallow.stop('SIGTERM', 500);
    await runCommand(['ip', 'route', 'delete', 'unreachable', `${nowhere.unreachable[4]}/32`]);
    await runCommand(['ip', '-6', 'route', 'delete', 'unreachable', `${nowhere.unreachable[6]}/128`]);
  };
}

async function startRedis(measured: MeasuredStack, folder: string): Promise<void> {
  const argv = ['redis-server', '--port', String(matrixPorts.redis), '--bind', '*', '-::*', '--protected-mode', 'no'];
  const redis = measured.lab.spawn(postgres, [...argv, '--save', '', '--dir', folder]);
  await listens(measured, postgres, matrixPorts.redis, () => JSON.stringify(redis.journal.entries.slice(-3)));
}

/** Without grant tables everybody may do everything, and nothing has to be set up but the system tables. */
async function startMariadb(measured: MeasuredStack, folder: string, uid: number): Promise<void> {
  const data = join(folder, 'mysql');
  mkdirSync(data);
  chownSync(data, uid, uid);
  const install = [
    'mariadb-install-db',
    '--no-defaults',
    `--datadir=${data}`,
    '--skip-test-db',
    '--auth-root-authentication-method=normal',
  ];
  await runCommand(['setpriv', `--reuid=${uid}`, '--clear-groups', '--', ...install]);
  const argv = [
    'mariadbd',
    '--no-defaults',
    `--datadir=${data}`,
    `--socket=${data}/socket`,
    `--port=${matrixPorts.mysql}`,
  ];
  const settings = [
    '--bind-address=*',
    '--skip-grant-tables',
    '--skip-networking=0',
    '--innodb-flush-log-at-trx-commit=0',
  ];
  const mariadb = measured.lab.spawn(postgres, [...argv, ...settings, '--skip-name-resolve'], { user: String(uid) });
  await listens(measured, postgres, matrixPorts.mysql, () => JSON.stringify(mariadb.journal.entries.slice(-3)));
}

export async function prepareGround(measured: MeasuredStack): Promise<Ground> {
  const { lab } = measured;
  const folder = mkdtempSync(join(tmpdir(), 'palomar-matrix-'));
  chmodSync(folder, 0o755);
  const unprivileged = 65_534;
  const nginx = await startNginx(measured, folder);
  await startRedis(measured, folder);
  await startMariadb(measured, folder, unprivileged);
  const echo = ['socat', '-T5', `UDP6-RECVFROM:${matrixPorts.echo},ipv6only=0,fork`, 'EXEC:cat'];
  lab.spawn(api, echo);
  const grpc = await measured.serve(api, { mode: 'grpc-server', port: matrixPorts.grpc });
  const removeNowhere = await makeNowhere(measured);
  return {
    client: (argv) => lab.attempt(frontend, argv),
    async traffic(traffic, field) {
      const out = await measured.load(frontend, traffic);
      return out
        .split('\n')
        .filter(Boolean)
        .map((line) => z.record(z.string(), z.unknown()).parse(JSON.parse(line)))
        .filter((entry) => field in entry)
        .map((entry) => String(entry[field]));
    },
    httpLog: () => nginx.log(),
    grpcLog: () =>
      grpc.journal.entries
        .filter((entry) => entry.event === 'call')
        .map((entry) => `${String(entry['path'])} ${String(entry['status'])}`),
    async stop() {
      await removeNowhere();
      await grpc.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
