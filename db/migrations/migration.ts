import type { StoreClient } from '../client.ts';

/** What a migration may do: in a cluster a command becomes one on every node. */
export type MigrationClient = Pick<StoreClient, 'command' | 'query'>;

/** One step of the schema. It may run again without harm, because a killed process may have run a part of it. */
export interface Migration {
  /** Position in the list, from 1; never reused. */
  readonly version: number;
  readonly name: string;
  run(client: MigrationClient): Promise<void>;
}

export async function runAll(client: MigrationClient, statements: readonly string[]): Promise<void> {
  for (const query of statements) await client.command({ query });
}
