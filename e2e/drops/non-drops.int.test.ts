/**
 * What kfree_skb reports although nothing was lost: each is provoked, none of it is counted as a drop, and the count of
 * what was left out rises where the kernel tells of it. bpf/probe/drop_filter.c has the table, with the reason for every line.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';

import {
  clientAddress,
  isPossible,
  linkAddress,
  makeGround,
  provoke,
  removeGround,
  run,
  serverAddress,
  startHelper,
  traffic,
  type Family,
} from './ground.ts';
import { startWatch, type Watch } from './watch.ts';

interface NonDrop {
  readonly name: string;
  /** Lines of drop_filter.c that it stands for. */
  readonly lines: string;
  /** Of those lines. */
  readonly reasons: readonly string[];
  /** Kernels differ in whether they tell of it at all. */
  readonly isAlwaysTold: boolean;
  readonly act: (family: Family, port: number) => Promise<unknown>;
}

/** Runs something while a server answers on that port. */
async function served(port: number, act: () => Promise<unknown>): Promise<void> {
  const server = await startHelper('server', `serve ${port}`);
  await act();
  server.kill('SIGKILL');
}

const nonDrops: readonly NonDrop[] = [
  {
    name: 'a connection that is opened, used and closed in order',
    lines: 'NOT_SPECIFIED in tcp_rcv_state_process and tcp_v4_rcv, tcp_v6_rcv',
    reasons: ['NOT_SPECIFIED'],
    isAlwaysTold: false,
    act: (family, port) => served(port, () => traffic('client', `connect ${serverAddress[family]} ${port} 20`)),
  },
  {
    name: 'a ping that is answered',
    lines: 'NO_SOCKET in ping_rcv',
    reasons: ['NO_SOCKET'],
    isAlwaysTold: false,
    act: (family) => traffic('client', `ping ${serverAddress[family]} 0 20`),
  },
  {
    name: 'a segment that came before',
    lines: 'TCP_OLD_SEQUENCE, TCP_OLD_DATA',
    reasons: ['TCP_OLD_SEQUENCE', 'TCP_OLD_DATA'],
    isAlwaysTold: true,
    act: (family, port) =>
      served(port, async () =>
        provoke(
          'client',
          `inject eth0 ${await linkAddress('host', 'to-client')} ${serverAddress[family]} ${port} old-sequence`,
        ),
      ),
  },
  {
    name: "a frame with another machine's link address",
    lines: 'OTHERHOST',
    reasons: ['OTHERHOST'],
    isAlwaysTold: true,
    act: (family, port) =>
      provoke(
        'client',
        `frame eth0 02:00:00:00:77:77 ${clientAddress[family]} ${serverAddress[family]} udp ${port} count=20`,
      ),
  },
  {
    name: 'datagrams that nobody read when the socket was closed',
    lines: 'NOT_SPECIFIED in udp_destruct_common',
    reasons: ['NOT_SPECIFIED'],
    isAlwaysTold: true,
    act: async (family, port) => {
      const sink = await startHelper('server', `sink ${port} 100000`);
      await provoke('client', `udp ${serverAddress[family]} ${port} 100 20`);
      sink.kill('SIGKILL');
    },
  },
];

describe.runIf(isPossible())('what is no drop', () => {
  let watch: Watch;
  beforeAll(async () => {
    await makeGround();
    await run('client', `sh -c 'echo 0 0 > /proc/sys/net/ipv4/ping_group_range'`);
    watch = await startWatch();
    return async () => {
      await watch.stop();
      await removeGround();
    };
  });

  const cases = nonDrops.flatMap((row, index) =>
    ([4, 6] as const).map((family) => ({ ...row, family, port: 21_001 + index * 2 + (family === 6 ? 1 : 0) })),
  );
  test.each(cases)('$name, IPv$family ($lines)', async ({ act, family, port, reasons, isAlwaysTold }) => {
    const filtered = (): number => reasons.reduce((sum, reason) => sum + watch.total(reason).filtered, 0);
    await watch.settled();
    const before = { filtered: filtered(), drops: watch.drops.length };
    await act(family, port);
    await sleep(300);
    await watch.settled();
    expect(watch.drops.slice(before.drops)).toEqual([]);
    if (isAlwaysTold) expect(filtered()).toBeGreaterThan(before.filtered);
  });
});
