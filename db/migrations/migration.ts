import type { StoreClient } from '../client.ts';

/** One step of the schema. It may run again without harm, because a killed process may have run a part of it. */
export interface Migration {
  /** Position in the list, from 1; never reused. */
  readonly version: number;
  readonly name: string;
  run(client: StoreClient): Promise<void>;
}

export async function runAll(client: StoreClient, statements: readonly string[]): Promise<void> {
  for (const query of statements) await client.command({ query });
}
