/**
 * The in-process engine. Every query gets a session of its own, because a shared one keeps settings and even unread
 * rows of the query before; one session stays open so that the engine stays up. Parameters go in by SET: bound ones
 * are serialised across the whole process.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Session, drainPending, version as installed, type ChdbResult } from 'chdb';
import type { Log } from '../log.ts';
import { cancelled, createQueryLanes } from './query-lanes.ts';
import { storeErrorOf } from './store-error.ts';

export interface Query {
  /** Statements that set up the session: USE, SET. */
  readonly prelude: readonly string[];
  readonly text: string;
  /** For a text without a FORMAT clause. */
  readonly format: string;
}

export interface Engine {
  readonly version: string;
  /** Runs to the end and gives the whole answer. */
  run(query: Query, signal: AbortSignal): Promise<ChdbResult>;
  /** Rows as they come; only for SELECT, and only in formats whose chunks concatenate. */
  stream(query: Query, signal: AbortSignal): AsyncGenerator<Uint8Array, void>;
  /** Cancels what runs and lets go of the data directory. */
  close(): Promise<void>;
}

export interface EngineConfig {
  readonly directory: string;
  /** Queries at once; each occupies a thread of the libuv pool, and cancelling one needs another. */
  readonly parallel: number;
  readonly maxWaiting: number;
}

/** Of the library, without opening anything. */
export function installedEngineVersion(): string {
  return /[\d.]+/.exec(installed().libchdb)?.[0] ?? '0';
}

/** Opens the data directory; throws what the engine says when it cannot. */
export function openEngine(config: EngineConfig, deps: { readonly log: Log }): Engine {
  const { directory, parallel, maxWaiting } = config;
  const { log } = deps;
  const keeper = new Session(directory);
  const version = keeper.query('SELECT version()', 'TSV').trim();
  const lanes = createQueryLanes({ parallel, maxWaiting });
  const closing = new AbortController();

  /** Again and again, because a query is not listed before it has been parsed. ASYNC, because SYNC can hang. */
  const kill = async (marker: string, isOver: () => boolean): Promise<void> => {
    for (let attempt = 0; attempt < 100 && !isOver(); attempt += 1) {
      const session = new Session(directory);
      try {
        // The marker is written in two pieces, so that the KILL does not find itself.
        const [head, tail] = [marker.slice(0, 8), marker.slice(8)];
        await session.queryAsync(
          `KILL QUERY WHERE Settings['log_comment'] = concat('${head}', '${tail}') ASYNC FORMAT Null`,
        );
      } catch (error) {
        log.warn({ err: error, attempt }, 'cannot cancel a query yet');
      } finally {
        session.close();
      }
      await sleep(50);
    }
  };

  /** A lane, a fresh session with the prelude run, and cancelling, around `use`. */
  async function* inSession<T>(
    query: Query,
    signal: AbortSignal,
    use: (session: Session, text: string) => AsyncGenerator<T, void>,
  ): AsyncGenerator<T, void> {
    const stopped = AbortSignal.any([signal, closing.signal]);
    const leave = await lanes.enter(stopped);
    const marker = `palomar:${randomUUID()}`;
    let isOver = false;
    const onAbort = (): void => void kill(marker, () => isOver);
    stopped.addEventListener('abort', onAbort, { once: true });
    const session = new Session(directory);
    try {
      // Not as a comment in the text: of a query with parameters the engine lists another text, without comments.
      for (const statement of [`SET log_comment = '${marker}'`, ...query.prelude]) await session.queryAsync(statement);
      if (stopped.aborted) throw cancelled();
      yield* use(session, query.text);
    } catch (error) {
      throw storeErrorOf(error);
    } finally {
      isOver = true;
      stopped.removeEventListener('abort', onAbort);
      session.close();
      leave();
    }
  }

  return {
    version,
    async run(query, signal) {
      const runs = inSession(query, signal, async function* once(session, text) {
        yield await session.queryAsync(text, { format: query.format });
      });
      let result: ChdbResult | undefined;
      for await (const one of runs) result = one;
      if (result === undefined) throw cancelled();
      return result;
    },
    stream: (query, signal) =>
      inSession(query, signal, async function* chunks(session, text) {
        for await (const chunk of session.queryStream(text, { format: query.format })) yield chunk.raw();
      }),
    async close() {
      closing.abort();
      while (lanes.running > 0) await sleep(20);
      keeper.close();
      await drainPending();
    },
  };
}
