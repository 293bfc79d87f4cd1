import { expect, it } from 'vitest';
import { readReasonTotals } from './reason-totals.ts';
import { reasonTotal } from './wire.ts';

const names = new Map([
  [5, 'NO_SOCKET'],
  [9, 'OTHERHOST'],
]);

function frame(...rows: readonly (readonly [number, number, number, number, number])[]): Buffer {
  const bytes = Buffer.alloc(rows.length * reasonTotal.size);
  rows.forEach(([reason, ...counts], index) => {
    const at = index * reasonTotal.size;
    bytes.writeUInt32LE(reason, at + reasonTotal.reason);
    counts.forEach((count, column) => bytes.writeBigUInt64LE(BigInt(count), at + reasonTotal.recorded + column * 8));
  });
  return bytes;
}

it('each reason has its four counts, under its name', () => {
  expect([...readReasonTotals(frame([5, 1, 2, 3, 4], [9, 0, 7, 0, 0]), names)]).toEqual([
    ['NO_SOCKET', { recorded: 1, filtered: 2, lost: 3, unparsed: 4 }],
    ['OTHERHOST', { recorded: 0, filtered: 7, lost: 0, unparsed: 0 }],
  ]);
});

it('reasons without a name are added up', () => {
  expect([...readReasonTotals(frame([200, 1, 2, 3, 4], [511, 10, 20, 30, 40]), names)]).toEqual([
    ['OTHER', { recorded: 11, filtered: 22, lost: 33, unparsed: 44 }],
  ]);
});

it('a frame that is cut short has the reasons before the cut', () => {
  const whole = frame([5, 1, 2, 3, 4], [9, 0, 7, 0, 0]);
  expect([...readReasonTotals(whole.subarray(0, -1), names).keys()]).toEqual(['NO_SOCKET']);
});
