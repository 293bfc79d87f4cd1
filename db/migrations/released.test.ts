import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';

import type { StoreClient } from '../client.ts';
import { rollups } from './rollups.ts';

/** Every statement of a migration of an empty store, in order. */
async function statementsOf(migration: typeof rollups): Promise<string[]> {
  const said: string[] = [];
  // As much of a client as a migration of an empty store asks for.
  const client = {
    command: ({ query }: { readonly query: string }) => Promise.resolve(void said.push(query)),
    query: () => Promise.resolve({ json: () => Promise.resolve([]) }),
  } as unknown as StoreClient;
  await migration.run(client);
  return said;
}

test('the text of the rollups is that of their release: queries share it, and a store keeps what it was made with', async () => {
  const statements = await statementsOf(rollups);
  expect(statements.filter((text) => text.includes('CREATE MATERIALIZED VIEW'))).toHaveLength(6);
  expect(createHash('sha256').update(statements.join('\n')).digest('hex')).toMatchInlineSnapshot(
    `"4bbf4f7ebd38d066ff66fcb32eef68d58380d40cd8350f2afcce3ac37a38d883"`,
  );
});
