/**
 * Lists and watches the Kubernetes API. When the API is away, slow or refuses, what is known stays known; a watch goes
 * on from where it was, and only what the API has forgotten (410 Gone) is listed again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Counters } from '../counters.ts';
import type { Log } from '../log.ts';
import { readBody, type KubernetesAnswer, type KubernetesFetch } from './kubernetes-access.ts';
import { resourceNames, resources, type Change, type Resource } from './kubernetes-objects.ts';

export interface KubernetesWatchDeps {
  readonly get: KubernetesFetch;
  readonly counters: Counters;
  readonly random: () => number;
  readonly clock: { now(): number };
  readonly log: Pick<Log, 'info' | 'warn'>;
  onChange(change: Change): void;
}

export interface KubernetesWatch {
  start(signal: AbortSignal): void;
  /** Resolves once every resource has been listed, or is known not to be there. */
  readonly synced: Promise<void>;
  stop(): Promise<void>;
}

const pageSize = 500;
const pageTimeoutMs = 60_000;
/** The server ends a watch after this long, or up to twice as long: not all at once. */
const watchSeconds = 300;
/** It has that much more before the connection counts as dead. */
const watchGraceMs = 30_000;
/** A watch that lived that long without a word says that all is well. */
const steadyMs = 10_000;
const shortPauseMs = 50;
const longestPauseMs = 15_000;
const longestRetryAfterMs = 60_000;
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

/** Come back later, and not before `afterMs`. */
class Refused extends Error {
  readonly afterMs: number;
  constructor(message: string, afterMs: number) {
    super(message);
    this.afterMs = Math.min(afterMs, longestRetryAfterMs);
  }
}

function checkStatus(answer: KubernetesAnswer, what: string): void {
  const { status, retryAfterMs } = answer;
  if (status === 200) return;
  const message = `${what} answered ${status}`;
  if (status === 410) throw new Gone(message);
  if (status === 403 || status === 404) throw new Withheld(message);
  throw new Refused(message, retryAfterMs);
}

/** Only what is used goes on, into memory and recordings. What is not as expected goes on whole, to be counted. */
function reduce(resource: Resource, object: unknown): unknown {
  const parsed = resources[resource].schema.safeParse(object);
  return parsed.success ? parsed.data : object;
}

function acceptOf(resource: Resource, kind: 'PartialObjectMetadata' | 'PartialObjectMetadataList'): string {
  const json = 'application/json';
  return resources[resource].metadataOnly ? `${json};as=${kind};g=meta.k8s.io;v=v1,${json}` : json;
}

/** Where a resource stands between two requests. */
interface Progress {
  /** Empty: list first. */
  version: string;
  failures: number;
  /** Lists in a row whose later pages were gone by the time they were asked for. */
  lostPages: number;
}

export function createKubernetesWatch(deps: KubernetesWatchDeps): KubernetesWatch {
  const { counters, log, clock } = deps;
  let stopping = new AbortController();
  let running: Promise<unknown> = Promise.resolve();
  const unlisted = new Set<Resource>(resourceNames);
  let markSynced: () => void = () => undefined;
  const synced = new Promise<void>((resolve) => {
    markSynced = resolve;
  });

  const noteListed = (resource: Resource): void => {
    unlisted.delete(resource);
    if (unlisted.size === 0) markSynced();
  };

  const readPage = async (resource: Resource, query: string, signal: AbortSignal) => {
    const path = `${resources[resource].path}${query}`;
    const either = AbortSignal.any([signal, AbortSignal.timeout(pageTimeoutMs)]);
    const answer = await deps.get(path, either, acceptOf(resource, 'PartialObjectMetadataList'));
    const body = await readBody(answer);
    checkStatus(answer, `list of ${resource}`);
    return listSchema.parse(JSON.parse(body));
  };

  const list = async (resource: Resource, progress: Progress, signal: AbortSignal): Promise<void> => {
    const objects: unknown[] = [];
    // Whoever cannot finish page by page before the pages are gone takes all at once.
    const limit = progress.lostPages < 2 ? `?limit=${pageSize}` : '';
    let next = '';
    do {
      const more = next === '' ? '' : `&continue=${encodeURIComponent(next)}`;
      const page = await readPage(resource, `${limit}${more}`, signal).catch((error: unknown) => {
        if (error instanceof Gone && next !== '') progress.lostPages += 1;
        throw error;
      });
      for (const item of page.items ?? []) objects.push(reduce(resource, item));
      progress.version = page.metadata.resourceVersion;
      next = page.metadata.continue ?? '';
    } while (next !== '');
    progress.lostPages = 0;
    deps.onChange({ resource, event: 'list', objects });
    noteListed(resource);
  };

  /** Applies one line of a watch and moves on to its resource version. */
  const applyEvent = (resource: Resource, line: string, progress: Progress): void => {
    const event = eventSchema.parse(JSON.parse(line));
    if (event.type === 'ERROR') {
      const status = statusSchema.safeParse(event.object);
      const message = `watch of ${resource} failed: ${status.data?.message ?? 'no reason given'}`;
      if (status.data?.code === 410) throw new Gone(message);
      throw new Error(message);
    }
    progress.failures = 0;
    if (event.type !== 'BOOKMARK') {
      const object = reduce(resource, event.object);
      deps.onChange({ resource, event: event.type === 'DELETED' ? 'delete' : 'put', objects: [object] });
    }
    const seen = versionSchema.safeParse(event.object);
    if (seen.success) progress.version = seen.data.metadata.resourceVersion;
  };

  const watch = async (resource: Resource, progress: Progress, signal: AbortSignal): Promise<void> => {
    const seconds = Math.round(watchSeconds * (1 + deps.random()));
    const query = `watch=1&allowWatchBookmarks=true&timeoutSeconds=${seconds}&resourceVersion=${progress.version}`;
    const either = AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000 + watchGraceMs)]);
    const accept = acceptOf(resource, 'PartialObjectMetadata');
    const answer = await deps.get(`${resources[resource].path}?${query}`, either, accept);
    if (answer.status !== 200) await readBody(answer);
    checkStatus(answer, `watch of ${resource}`);
    for await (const line of linesOf(answer, `watch of ${resource}`)) applyEvent(resource, line, progress);
  };

  /** What went wrong decides where to go on and after what pause. */
  const pauseAfter = (error: unknown, resource: Resource, progress: Progress): number => {
    if (error instanceof Gone) {
      counters.add('kubernetes_relists', 1);
      progress.version = '';
      // The first time at once.
      if (progress.failures === 0) return shortPauseMs;
    } else if (error instanceof Withheld && resources[resource].optional) {
      log.info({ resource, reason: error.message }, 'names are told without this resource');
      progress.version = '';
      noteListed(resource);
      return withheldPauseMs;
    } else {
      counters.add('kubernetes_errors', 1);
    }
    progress.failures += 1;
    // The first failure and then ever fewer are worth a line.
    if ((progress.failures & (progress.failures - 1)) === 0) {
      log.warn({ err: error, resource, failures: progress.failures }, 'kubernetes api failed, keeping what is known');
    }
    const pause = Math.min(longestPauseMs, 250 * 2 ** Math.min(progress.failures, 10));
    const afterMs = error instanceof Refused ? error.afterMs : 0;
    return afterMs + pause * (0.5 + deps.random() / 2);
  };

  const step = async (resource: Resource, progress: Progress, signal: AbortSignal): Promise<void> => {
    if (progress.version === '') await list(resource, progress, signal);
    const sinceMs = clock.now();
    try {
      await watch(resource, progress, signal);
    } catch (error) {
      // A line that cannot be read may have told of a change: only a new list knows.
      if (error instanceof SyntaxError || error instanceof z.ZodError) progress.version = '';
      throw error;
    } finally {
      if (clock.now() - sinceMs >= steadyMs) progress.failures = 0;
    }
  };

  const follow = async (resource: Resource, signal: AbortSignal): Promise<void> => {
    const progress: Progress = { version: '', failures: 0, lostPages: 0 };
    while (!signal.aborted) {
      const pauseMs = await step(resource, progress, signal).then(
        () => shortPauseMs * 2 ** Math.min(progress.failures, 6),
        (error: unknown) => (isOver(signal) ? 0 : pauseAfter(error, resource, progress)),
      );
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
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

async function* linesOf(parts: AsyncIterable<Buffer>, what: string): AsyncIterable<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const part of parts) {
    rest = rest.length === 0 ? part : Buffer.concat([rest, part]);
    let start = 0;
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10, start)) {
      const line = rest.toString('utf8', start, end).trim();
      start = end + 1;
      if (line !== '') yield line;
    }
    rest = rest.subarray(start);
    if (rest.length > longestLine) throw new Error(`${what} sent a line of more than ${longestLine} bytes`);
  }
}

/** A call, because the compiler takes a property that it has seen false for false ever after. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}
