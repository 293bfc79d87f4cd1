/**
 * Every way to lose a packet, provoked: the kernel's word for it, the row that is stored, and what the sender was told,
 * side by side. What comes out is docs/drop-matrix.md. Needs root, network namespaces and a kernel with BTF.
 */
import { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';

import { formatAddress } from '../../collector/decode/address.ts';
import type { Row } from '../../collector/sink/rows.fixture.ts';
import { refinedReasons } from '../../model/drop-reasons.ts';
import { flowKinds } from '../../model/words.ts';
import { causes, type Cause, type Expected } from './causes.ts';
import { clientAddress, isPossible, makeGround, netnsOf, places, removeGround, run, type Place } from './ground.ts';
import { describeMatrix, type Outcome } from './matrix-page.ts';
import { startWatch, type KernelDrop, type Watch } from './watch.ts';

const placeNames = Object.keys(places) as readonly Place[];
/** A drop nobody provokes is one that this long does not show. */
const quietMs = 800;
const patienceMs = 8000;

const isOf =
  (cause: Cause) =>
  (drop: KernelDrop): boolean =>
    drop.ports.includes(cause.port);
const isRowOf =
  (cause: Cause) =>
  (row: Row): boolean =>
    row['kind'] === flowKinds.indexOf('drop') && [row['dst_port'], row['src_port']].includes(cause.port);

async function firstWithin(ms: number, look: () => KernelDrop | undefined): Promise<KernelDrop | undefined> {
  for (let left = ms; left > 0 && look() === undefined; left -= 50) await sleep(50);
  return look();
}

/** Makes one row happen, and leaves the ground as it was. */
async function provokeCause(cause: Cause): Promise<string> {
  const helper = await cause.arrange?.(cause.port);
  try {
    return await cause.act(cause.port);
  } finally {
    if (helper instanceof ChildProcess) {
      helper.kill('SIGKILL');
      await once(helper, 'close');
    }
    await cause.undo?.();
    for (const place of placeNames) await run(place, 'nft flush ruleset');
  }
}

describe.runIf(isPossible())('the drop matrix', () => {
  let watch: Watch;
  const outcomes: Outcome[] = [];

  beforeAll(async () => {
    await makeGround();
    watch = await startWatch();
    return async () => {
      await watch.stop();
      await removeGround();
    };
  });

  const checkDrop = (cause: Cause, expected: Expected, drop: KernelDrop | undefined): void => {
    expect(drop).toMatchObject({
      reason: expected.reason,
      location: expect.stringMatching(expected.location),
      device: expected.device,
      netns: netnsOf(expected.place),
      sender: expected.sender ?? clientAddress[cause.family],
    });
    watch.flush();
    const row = watch.rows.find(isRowOf(cause));
    expect(row).toMatchObject({
      drop_reason: expected.stored ?? expected.reason,
      drop_location: drop?.location,
      interface: expected.device,
      dst_port: cause.port,
    });
    expect(formatAddress(String(row?.['src_ip']))).toBe(expected.sender ?? clientAddress[cause.family]);
  };

  test.each(causes.map((cause) => [`${cause.name}, IPv${cause.family}`, cause] as const))(
    '%s',
    async (_name, cause) => {
      const { expected } = cause;
      const told = await provokeCause(cause);
      const patience = 'impossible' in expected ? quietMs : patienceMs;
      const drop = await firstWithin(patience, () => watch.drops.find(isOf(cause)));
      outcomes.push({ cause, told, drop });
      expect(told).toMatch(cause.client);
      if ('impossible' in expected) expect(drop).toBeUndefined();
      else checkDrop(cause, expected, drop);
    },
  );

  test('no word of ours is one of the kernel', () => {
    expect(refinedReasons.map((row) => row.word).filter((word) => watch.reasons.has(word))).toEqual([]);
  });

  test('the page in docs shows what was seen', async () => {
    await expect(describeMatrix(outcomes)).toMatchFileSnapshot('../../docs/drop-matrix.md');
  });
});
