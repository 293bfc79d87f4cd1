/** A flood of drops from random ports: more conversations than the maps hold, and yet every packet is counted once. */
import { beforeAll, describe, expect, test } from 'vitest';

import { provoke, isPossible, makeGround, removeGround, run, serverAddress, type Family } from './ground.ts';
import { startWatch, type Watch } from './watch.ts';

const packets = 120_000;
const floodPort = 9999;

describe.runIf(isPossible())('a flood of drops', () => {
  let watch: Watch;
  beforeAll(async () => {
    await makeGround();
    await run('host', `nft 'add table inet palomar'`);
    await run('host', `nft 'add chain inet palomar c { type filter hook prerouting priority 0 ; }'`);
    await run('host', `nft 'add rule inet palomar c udp dport ${floodPort} drop'`);
    watch = await startWatch(['--scan-interval-ms', '1000'], { makesRows: false });
    return async () => {
      await watch.stop();
      await removeGround();
    };
  });

  const recorded = (): number =>
    watch.drops.filter((d) => d.ports.includes(floodPort)).reduce((sum, d) => sum + d.packets, 0);

  /** What was recorded and lost of the reasons that the flood was thrown away for. */
  const byReason = (): number =>
    [...new Set(watch.drops.filter((d) => d.ports.includes(floodPort)).map((d) => d.reason))]
      .map((reason) => watch.total(reason))
      .reduce((sum, { recorded: inRecords, lost }) => sum + inRecords + lost, 0);

  test.each<[string, Family]>([
    ['IPv4', 4],
    ['IPv6', 6],
  ])('over %s is recorded or counted as lost, each packet once', async (_name, family) => {
    await watch.settled();
    const before = { recorded: recorded(), lost: watch.stat('drop_map_full'), byReason: byReason() };
    const sent = Number(
      (await provoke('client', `flood ${serverAddress[family]} ${floodPort} ${packets}`)).split(' ')[0],
    );
    await watch.settled();
    const lost = watch.stat('drop_map_full') - before.lost;
    expect(sent).toBe(packets);
    // Whoever threw it away: the firewall, or a queue before it that could not keep up.
    expect(recorded() - before.recorded + lost).toBe(sent);
    expect(byReason() - before.byReason).toBe(sent);
    // Else the flood was too small to fill the map, and this proves nothing.
    expect(lost).toBeGreaterThan(0);
  });
});
