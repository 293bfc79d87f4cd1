import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flowParts, flowUuid, readFlowUuid, type FlowName } from './flow-uuid.ts';

const name: fc.Arbitrary<FlowName> = fc.record({
  cluster: fc.string(),
  node: fc.string(),
  ns: fc.bigInt({ min: 0n, max: 1n << 63n }),
  id: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
});

describe('the uuid of a line', () => {
  it('tells the id of its flow and which line it is, to who knows the flow', () => {
    fc.assert(
      fc.property(name, fc.constantFrom(...flowParts), (flow, part) => {
        const uuid = flowUuid(flow, part);
        expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        const read = readFlowUuid(uuid);
        expect(read).toMatchObject({ id: flow.id, part });
        expect(read?.isOf(flow)).toBe(true);
        expect(read?.isOf({ ...flow, ns: flow.ns + 1n })).toBe(false);
        expect(read?.isOf({ ...flow, node: `${flow.node}x` })).toBe(false);
      }),
    );
  });

  it.each([
    ['a random one', '2f1e0c0a-5a0f-4d2c-9a57-0d6f0b6f2a11'],
    ['one of a fourth part', '00000000-0000-8000-8300-000000000000'],
    ['none', ''],
    ['no uuid', 'not-a-uuid'],
  ])('is not %s', (_, text) => {
    expect(readFlowUuid(text)).toBeNull();
  });

  it("is not another's of the same version", () => {
    const read = readFlowUuid('01900000-0000-8000-8000-00000000beef');
    expect(read?.isOf({ cluster: 'default', node: 'node-1', ns: 1n })).toBe(false);
  });
});
