import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { structs } from './wire.ts';

const layoutFile = new URL('../../bpf/build/wire-layout.json', import.meta.url);
const layoutSchema = z.record(
  z.string(),
  z.object({ size: z.number(), fields: z.record(z.string(), z.tuple([z.number(), z.number()])) }),
);
const isBuilt = existsSync(layoutFile);
const isRequired = process.env['REQUIRE_SERVICES'] === '1';

if (!isBuilt && !isRequired) console.warn('SKIPPED wire layout: bpf/build/wire-layout.json is absent; run make -C bpf');

describe.skipIf(!isBuilt && !isRequired)('wire layout', () => {
  it.each(Object.entries(structs))('has %s where the compiler put it', (name, offsets) => {
    const layout = layoutSchema.parse(JSON.parse(readFileSync(layoutFile, 'utf8')))[name];
    const compiled = Object.entries(layout?.fields ?? {}).map(([field, [offset]]) => [field, offset]);
    expect(offsets).toEqual({ ...Object.fromEntries(compiled), size: layout?.size });
  });
});
