/** Creates or updates the store's tables when the store can be reached, however long that takes. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface SchemaDeps {
  readonly migrate: () => Promise<void>;
  readonly log: { info(facts: object, message: string): void; warn(facts: object, message: string): void };
}

export interface Schema {
  start(signal: AbortSignal): void;
  stop(): Promise<void>;
  /** What keeps the tables from being there; null when they are. */
  readonly problem: () => string | null;
  /** To be called when the store says that a table is missing: another store may have taken its place. */
  readonly missing: () => void;
}

export interface SchemaConfig {
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

export function createSchema(config: SchemaConfig, deps: SchemaDeps): Schema {
  const stopping = new AbortController();
  let problem: string | null = 'the tables are being created';
  let running: Promise<void> | null = null;
  let signal: AbortSignal = stopping.signal;

  async function attempt(): Promise<boolean> {
    try {
      await deps.migrate();
      problem = null;
      deps.log.info({}, 'the tables are in place');
      return true;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const next = `the tables cannot be created: ${message}`;
      if (problem !== next) deps.log.warn({ err: error }, 'the tables cannot be created, trying again');
      problem = next;
      return false;
    }
  }

  async function run(): Promise<void> {
    for (let delayMs = config.firstDelayMs; !signal.aborted; delayMs = Math.min(2 * delayMs, config.maxDelayMs)) {
      if (await attempt()) return;
      await sleep(delayMs, undefined, { signal }).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    }
  }

  function begin(): void {
    running ??= run().finally(() => {
      running = null;
    });
  }

  return {
    start(parent) {
      signal = AbortSignal.any([parent, stopping.signal]);
      begin();
    },
    async stop() {
      stopping.abort();
      await running;
    },
    problem: () => problem,
    missing() {
      if (running !== null || signal.aborted) return;
      problem = 'the tables are missing and are being created';
      begin();
    },
  };
}
