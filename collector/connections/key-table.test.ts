import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flowKey } from '../decode/frames.fixture.ts';
import { createKeyTable, hashWords, wordsPerKey } from './key-table.ts';

function viewOf(fields: Parameters<typeof flowKey>[0]): DataView {
  // Somewhere inside of a chunk, as records are: not aligned to anything.
  const bytes = Buffer.concat([Buffer.alloc(3), flowKey(fields)]);
  return new DataView(bytes.buffer, bytes.byteOffset + 3, bytes.length - 3);
}

function keyOf(table: { readonly keys: Uint32Array }, slot: number): readonly number[] {
  return [...table.keys.subarray(slot * wordsPerKey, (slot + 1) * wordsPerKey)];
}

describe('key table', () => {
  it('behaves like a map under any order of insertions and removals', () => {
    const operation = fc.record({ port: fc.nat(60), isRemoval: fc.boolean(), isKept: fc.boolean() });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 400 }), (operations) => {
        let room = 0;
        const table = createKeyTable((capacity) => (room = capacity), 16);
        const model = new Map<number, number>();
        const kept = new Set<number>();
        for (const { port, isRemoval, isKept } of operations) {
          const key = viewOf({ portA: port });
          const slot = table.find(key, 0);
          expect(slot).toBe(model.get(port) ?? -1);
          if (isRemoval && slot !== -1) {
            table.unlist(slot);
            model.delete(port);
            if (isKept) kept.add(slot);
            else table.free(slot);
          } else if (slot === -1) {
            const added = table.insert(key, 0);
            expect(added).toBeLessThan(room);
            expect([...model.values(), ...kept]).not.toContain(added);
            model.set(port, added);
          }
          expect(table.size).toBe(model.size);
        }
        for (let port = 0; port <= 60; port += 1) {
          expect(table.find(viewOf({ portA: port }), 0)).toBe(model.get(port) ?? -1);
        }
        for (const slot of model.values()) expect(table.isListed(slot)).toBe(true);
      }),
    );
  });

  it('takes no notice of interface, tunnel and padding', () => {
    const table = createKeyTable(() => undefined);
    const slot = table.insert(viewOf({ ifindex: 3 }), 0);
    const other = viewOf({ ifindex: 4, tunnel: 1, tunnelId: 42 });
    other.setUint8(39, 0xff);
    expect(table.find(other, 0)).toBe(slot);
  });

  it('tells keys apart by every field, and hashes them apart', () => {
    const keys = [
      {},
      { a: '10.0.0.9' },
      { b: '10.0.0.9' },
      { portA: 1 },
      { portB: 1 },
      { protocol: 17 },
      { a: 'fd00::1' },
    ];
    const table = createKeyTable(() => undefined);
    const slots = keys.map((fields) => table.insert(viewOf(fields), 0));
    expect(keys.map((fields) => table.find(viewOf(fields), 0))).toEqual(slots);
    expect(new Set(slots.map((slot) => String(keyOf(table, slot)))).size).toBe(keys.length);
    expect(new Set(slots.map((slot) => hashWords(table.keys, slot * wordsPerKey, 1))).size).toBe(keys.length);
  });

  it('gives the ids that rows of earlier releases have', () => {
    const table = createKeyTable(() => undefined);
    const slot = table.insert(viewOf({}), 0);
    const at = slot * wordsPerKey;
    expect([hashWords(table.keys, at, 0x9e3779b9), hashWords(table.keys, at, 0x85ebca77)]).toEqual([
      4151190683, 692197889,
    ]);
  });
});
