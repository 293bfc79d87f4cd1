/**
 * Keeps names of networks as a file says, and reads it again when it has changed. A file with mistakes is not taken:
 * the names before it stay.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { err, type Result } from '../../model/result.ts';
import type { Counters } from '../counters.ts';
import type { Log } from '../log.ts';
import { parseNetworks, type Networks } from './networks.ts';

export interface NetworkFileDeps {
  readonly log: Pick<Log, 'info' | 'warn'>;
  readonly counters: Pick<Counters, 'add'>;
  onNetworks(networks: Networks): void;
}

export interface NetworkFile {
  /** Reads it for the first time; the error lists every mistake. */
  load(): Promise<Result<Networks, readonly string[]>>;
  /** Looks for changes until `signal` aborts. */
  follow(signal: AbortSignal): Promise<void>;
}

const mistakesLogged = 20;

/** Looked at and not watched: editors and Kubernetes put another file in its place. */
export function createNetworkFile(path: string, deps: NetworkFileDeps, everyMs = 5000): NetworkFile {
  let taken: string | null = null;

  const read = async (): Promise<Result<Networks, readonly string[]> | null> => {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      taken = null;
      return err([error instanceof Error ? error.message : String(error)]);
    }
    if (text === taken) return null;
    taken = text;
    return parseNetworks(text);
  };

  const take = (networks: Networks): void => {
    deps.onNetworks(networks);
    deps.log.info({ path, networks: networks.size }, 'names of networks were read');
  };

  return {
    async load() {
      const parsed = (await read()) ?? err(['nothing was read']);
      if (parsed.ok) take(parsed.value);
      return parsed;
    },
    async follow(signal) {
      let refused = '';
      while (await sleep(everyMs, true, { signal, ref: false }).catch(() => false)) {
        const parsed = await read();
        if (parsed === null) continue;
        if (parsed.ok) {
          refused = '';
          take(parsed.value);
          continue;
        }
        const mistakes = parsed.error.join('\n');
        // A file that is gone is missed again and again, and said once.
        if (mistakes === refused) continue;
        refused = mistakes;
        deps.counters.add('networks_file_refused', 1);
        const { error } = parsed;
        deps.log.warn(
          { path, mistakes: error.slice(0, mistakesLogged), count: error.length },
          'the file of networks is not taken, the names before it stay',
        );
      }
    },
  };
}
