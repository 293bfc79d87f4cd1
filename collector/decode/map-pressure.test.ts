import { expect, it } from 'vitest';
import { readMapPressure } from './map-pressure.ts';
import { mapPressure } from './wire.ts';

function frame(...maps: readonly (readonly [string, number, number])[]): Buffer {
  const bytes = Buffer.alloc(maps.length * mapPressure.size);
  maps.forEach(([name, entries, maxEntries], index) => {
    const at = index * mapPressure.size;
    bytes.write(name, at + mapPressure.name);
    bytes.writeBigUInt64LE(BigInt(entries), at + mapPressure.entries);
    bytes.writeBigUInt64LE(BigInt(maxEntries), at + mapPressure.max_entries);
  });
  return bytes;
}

it('each map has its entries and how many it could hold', () => {
  const maps = readMapPressure(frame(['l7_states', 12, 65_536], ['events', 4096, 8 << 20]));
  expect([...maps]).toEqual([
    ['l7_states', { entries: 12, maxEntries: 65_536 }],
    ['events', { entries: 4096, maxEntries: 8 << 20 }],
  ]);
});

it.each([
  [7, 0],
  [0, 7],
])('of two maps that take turns, with %i and %i entries, the fuller one counts', (even, odd) => {
  const maps = readMapPressure(frame(['drops_even', even, 100], ['drops_odd', odd, 100]));
  expect([...maps]).toEqual([['drops', { entries: 7, maxEntries: 100 }]]);
});

it('a frame that is cut short has the maps before the cut', () => {
  const whole = frame(['flows_even', 1, 10], ['connecting', 2, 20]);
  expect([...readMapPressure(whole.subarray(0, -1)).keys()]).toEqual(['flows']);
});
