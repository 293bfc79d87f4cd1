/**
 * Lists and watches the Kubernetes API. When the API is away, restarts or says 410 Gone, what is known stays known and
 * listing begins again, with growing pauses.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Counters } from '../counters.ts';
import type { Log } from '../log.ts';
import { resourceNames, resources, type Change, type Resource } from './kubernetes-objects.ts';

/** Sends a GET to a path of the API server, with whatever credentials it needs. */
export type KubernetesFetch = (
  path: string,
  signal: AbortSignal,
) => Promise<AsyncIterable<Buffer> & { status: number }>;

export interface KubernetesWatchDeps {
  readonly get: KubernetesFetch;
  readonly counters: Counters;
  readonly random: () => number;
  readonly log: Pick<Log, 'info' | 'warn'>;
  onChange(change: Change): void;
}

export interface KubernetesWatch {
  start(signal: AbortSignal): void;
  /** Resolves once every resource has been listed. */
  readonly synced: Promise<void>;
  stop(): Promise<void>;
}

const pageSize = 500;
const watchSeconds = 290;
const longestPauseMs = 15_000;
/** A resource that is not there may come with an installation or a role. */
const withheldPauseMs = 600_000;
const longestLine = 8 << 20;

const listSchema = z.object({
  metadata: z.object({ resourceVersion: z.string().default(''), continue: z.string().nullish() }),
  items: z.array(z.unknown()).nullish(),
});
const eventSchema = z.object({ type: z.string(), object: z.unknown() });
const versionSchema = z.object({ metadata: z.object({ resourceVersion: z.string() }) });
const statusSchema = z.object({ code: z.number().optional(), message: z.string().optional() });

/** The resource version is too old to go on from: list again, at once. */
class Gone extends Error {}

/** The cluster does not have the resource, or does not let us read it. */
class Withheld extends Error {}

export function createKubernetesWatch(deps: KubernetesWatchDeps): KubernetesWatch {
  const { counters, log } = deps;
  let stopping = new AbortController();
  let running: Promise<unknown> = Promise.resolve();
  const unlisted = new Set<Resource>(resourceNames);
  let markSynced: () => void = () => undefined;
  const synced = new Promise<void>((resolve) => {
    markSynced = resolve;
  });

  const readAll = async (path: string, signal: AbortSignal): Promise<unknown> => {
    const response = await deps.get(path, signal);
    const parts: Buffer[] = [];
    for await (const part of response) parts.push(part);
    if (response.status === 410) throw new Gone();
    if (response.status === 404 || response.status === 403)
      throw new Withheld(`GET ${path} answered ${response.status}`);
    if (response.status !== 200) throw new Error(`GET ${path} answered ${response.status}`);
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  };

  const noteListed = (resource: Resource): void => {
    unlisted.delete(resource);
    if (unlisted.size === 0) markSynced();
  };

  const list = async (resource: Resource, signal: AbortSignal): Promise<string> => {
    const objects: unknown[] = [];
    let version: string;
    let next = '';
    do {
      const more = next === '' ? '' : `&continue=${encodeURIComponent(next)}`;
      const page = listSchema.parse(await readAll(`${resources[resource].path}?limit=${pageSize}${more}`, signal));
      objects.push(...(page.items ?? []));
      version = page.metadata.resourceVersion;
      next = page.metadata.continue ?? '';
    } while (next !== '');
    deps.onChange({ resource, event: 'list', objects });
    noteListed(resource);
    return version;
  };

  /** Applies one line of a watch; returns the resource version to go on from. */
  const applyEvent = (resource: Resource, line: string, version: string): string => {
    const event = eventSchema.parse(JSON.parse(line));
    if (event.type === 'ERROR') {
      const status = statusSchema.safeParse(event.object);
      if (status.success && status.data.code === 410) throw new Gone();
      throw new Error(`watch of ${resource} failed: ${status.data?.message ?? 'no reason given'}`);
    }
    if (event.type !== 'BOOKMARK') {
      deps.onChange({ resource, event: event.type === 'DELETED' ? 'delete' : 'put', objects: [event.object] });
    }
    const seen = versionSchema.safeParse(event.object);
    return seen.success ? seen.data.metadata.resourceVersion : version;
  };

  const watch = async (resource: Resource, from: string, signal: AbortSignal): Promise<string> => {
    const query = `watch=1&allowWatchBookmarks=true&timeoutSeconds=${watchSeconds}&resourceVersion=${from}`;
    const response = await deps.get(`${resources[resource].path}?${query}`, signal);
    if (response.status === 410) throw new Gone();
    if (response.status !== 200) throw new Error(`watch of ${resource} answered ${response.status}`);
    let version = from;
    let rest: Buffer = Buffer.alloc(0);
    for await (const part of response) {
      rest = rest.length === 0 ? part : Buffer.concat([rest, part]);
      for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
        const line = rest.toString('utf8', 0, end).trim();
        rest = rest.subarray(end + 1);
        if (line !== '') version = applyEvent(resource, line, version);
      }
      if (rest.length > longestLine)
        throw new Error(`watch of ${resource} sent a line of more than ${longestLine} bytes`);
    }
    return version;
  };

  const follow = async (resource: Resource, signal: AbortSignal): Promise<void> => {
    let failures = 0;
    let version = '';
    while (!isOver(signal)) {
      try {
        if (version === '') version = await list(resource, signal);
        version = await watch(resource, version, signal);
        failures = 0;
      } catch (error) {
        if (isOver(signal)) return;
        version = '';
        if (error instanceof Withheld && resources[resource].optional) {
          log.info({ resource, reason: error.message }, 'names are told without this resource');
          noteListed(resource);
          await sleep(withheldPauseMs, undefined, { signal }).catch(() => undefined);
          continue;
        }
        counters.add(error instanceof Gone ? 'kubernetes_relists' : 'kubernetes_errors', 1);
        if (!(error instanceof Gone)) {
          failures += 1;
          // The first failure and then ever fewer are worth a line.
          if ((failures & (failures - 1)) === 0) {
            log.warn({ err: error, resource, failures }, 'kubernetes api failed, keeping what is known');
          }
        }
      }
      const pause = Math.min(longestPauseMs, 250 * 2 ** Math.min(failures, 10));
      await sleep(failures === 0 ? 50 : pause * (0.5 + deps.random() / 2), undefined, { signal }).catch(
        () => undefined,
      );
    }
  };

  return {
    synced,
    start(signal) {
      stopping = new AbortController();
      const either = AbortSignal.any([signal, stopping.signal]);
      log.info({ resources: resourceNames }, 'watching the kubernetes api');
      running = Promise.all(resourceNames.map((resource) => follow(resource, either)));
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** A call, because the compiler takes a property that it has seen false for false ever after. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}
