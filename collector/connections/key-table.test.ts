import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flowKey } from '../decode/frames.fixture.ts';
import { createKeyTable, hashKey } from './key-table.ts';

interface Value {
  readonly name: string;
}

describe('key table', () => {
  it('behaves like a map under any order of insertions and removals', () => {
    const operation = fc.record({ port: fc.nat(60), isRemoval: fc.boolean() });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 400 }), (operations) => {
        const table = createKeyTable<Value>(16);
        const model = new Map<number, Value>();
        for (const { port, isRemoval } of operations) {
          const key = flowKey({ portA: port });
          if (isRemoval) {
            expect(table.remove(key, 0)).toBe(model.delete(port));
          } else {
            const value = { name: `${port}` };
            table.insert(key, 0, value);
            model.set(port, value);
          }
          expect(table.size).toBe(model.size);
        }
        for (let port = 0; port <= 60; port += 1) {
          expect(table.find(flowKey({ portA: port }), 0)).toBe(model.get(port));
        }
        expect([...table.values()].map(({ name }) => name).sort()).toEqual(
          [...model.values()].map((v) => v.name).sort(),
        );
      }),
    );
  });

  it('takes no notice of the interface and of padding', () => {
    const table = createKeyTable<Value>();
    const value = { name: 'one' };
    table.insert(flowKey({ ifindex: 3 }), 0, value);
    const other = flowKey({ ifindex: 4 });
    other.writeUInt16LE(0xffff, 38);
    expect(table.find(other, 0)).toBe(value);
    expect(hashKey(other, 0, 1)).toBe(hashKey(flowKey({ ifindex: 3 }), 0, 1));
  });

  it('tells keys apart by every field', () => {
    const keys = [
      {},
      { a: '10.0.0.9' },
      { b: '10.0.0.9' },
      { portA: 1 },
      { portB: 1 },
      { protocol: 17 },
      { a: 'fd00::1' },
    ];
    expect(new Set(keys.map((fields) => hashKey(flowKey(fields), 0, 1))).size).toBe(keys.length);
  });
});
