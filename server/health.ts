/** Works out how all is from what the nodes last reported and whether the store answers. */
import type { Disk, Storage } from '../db/queries/storage.ts';
import type { RetentionState } from '../db/retention/retention.ts';
import type { Health } from '../model/api.ts';
import type { NodeStatus } from './store.ts';

/** A collector reports every few seconds; after this long it is taken for dead. */
const staleMs = 20_000;

interface StoreHealth {
  readonly url: string;
  readonly embedded: boolean;
  /** Null while the store does not answer; then `problem` says what happened. */
  readonly version: string | null;
  readonly problem: string | null;
  /** Null while it is not known. */
  readonly storage: Storage | null;
  readonly retention: RetentionState;
}

export interface HealthFacts {
  readonly version: string;
  readonly nowMs: number;
  readonly store: StoreHealth;
  readonly newestFlowMs: number | null;
  readonly nodes: readonly NodeStatus[];
}

export function assessHealth(facts: HealthFacts): Health {
  const store = assessStore(facts.store);
  const capture =
    store.state === 'down'
      ? { ...noCapture, state: 'off' as const, detail: 'not known while the store is down' }
      : store.disk?.isFull === true
        ? behindFullDisk(assessCapture(facts.nodes, facts.nowMs))
        : assessCapture(facts.nodes, facts.nowMs);
  const isWell = store.state === 'ok' && capture.state === 'ok';
  return {
    status: store.state === 'down' ? 'down' : isWell ? 'ok' : 'degraded',
    version: facts.version,
    nowMs: facts.nowMs,
    newestFlowMs: facts.newestFlowMs,
    store,
    capture,
  };
}

function assessStore(store: StoreHealth): Health['store'] {
  const { url, embedded, version, problem, storage, retention } = store;
  const disk = storage?.disk ?? null;
  const base = {
    url,
    embedded,
    version: version ?? '',
    disk: disk === null ? null : shownDisk(disk),
    ...(storage === null ? {} : { retention: shownRetention(storage, retention) }),
  };
  if (version === null) return { ...base, state: 'down', detail: problem ?? 'the store does not answer' };
  const problems = [problem, disk === null || !isFull(disk) ? null : fullDetail(disk)].filter((text) => text !== null);
  return { ...base, state: problems.length === 0 ? 'ok' : 'degraded', detail: problems.join('; ') };
}

const mib = 2 ** 20;

/** A batch of rows and the merge of some parts want so much at once; on a very small disk a tenth. */
function isFull({ freeBytes, totalBytes }: Disk): boolean {
  return freeBytes < Math.min(256 * mib, totalBytes / 10);
}

function fullDetail({ freeBytes, totalBytes }: Disk): string {
  const [free, total] = [freeBytes, totalBytes].map((bytes) => `${Math.floor(bytes / mib).toLocaleString('en')} MiB`);
  return (
    `the disk of the store is full, ${String(free)} of ${String(total)} are free: new rows wait at the collectors ` +
    'until there is room; make some, or lower PALOMAR_RETENTION_DISK_PERCENT or PALOMAR_RETENTION_RAW_DAYS'
  );
}

function shownDisk(disk: Disk): Health['store']['disk'] {
  const { totalBytes, freeBytes, usedBytes } = disk;
  return {
    totalBytes: String(totalBytes),
    freeBytes: String(freeBytes),
    usedBytes: String(usedBytes),
    isFull: isFull(disk),
  };
}

function shownRetention(storage: Storage, retention: RetentionState): Health['store']['retention'] {
  const { ages, diskPercent, dropped, problem } = retention;
  return {
    tables: ages.map(({ table, days }) => {
      const stored = storage.tables.find((of) => of.table === table);
      const { rows = 0, bytes = 0, oldestMs = null } = stored ?? {};
      return { table, days, rows, bytes: String(bytes), oldestMs };
    }),
    diskPercent,
    dropped: {
      days: dropped.partitions,
      flows: dropped.rows,
      bytes: String(dropped.bytes),
      lastMs: dropped.lastMs,
    },
    problem: problem ?? '',
  };
}

const noCapture = { mode: 'unknown' as const, interfaces: [], missing: [] };

function assessCapture(nodes: readonly NodeStatus[], nowMs: number): Health['capture'] {
  if (nodes.length === 0) {
    return { ...noCapture, state: 'off', detail: 'no collector has reported yet: start one with `npm start`' };
  }
  const fresh = nodes.filter((node) => nowMs - node.timeMs <= staleMs);
  const named = (node: NodeStatus, text: string): string => (nodes.length > 1 ? `${node.node}: ${text}` : text);
  const silent = nodes.filter((node) => !fresh.includes(node)).map((node) => silence(node, nowMs));
  const missing = [...new Set(fresh.flatMap((node) => node.missing.map((text) => named(node, text))))];
  const details = fresh.filter((node) => node.detail !== '').map((node) => named(node, node.detail));
  const mode = modeOf(fresh.length > 0 ? fresh : nodes);
  return {
    state: stateOf({ fresh, silent, missing, mode }),
    detail: [...silent, ...details].join('; '),
    mode,
    interfaces: fresh.flatMap((node) =>
      node.interfaces.map(({ name, state, netns, error }) => ({ name, state, netns, error })),
    ),
    missing,
    waiting: fresh.flatMap(({ node, spill }) => (spill.rows === 0 && spill.problem === '' ? [] : [{ node, ...spill }])),
  };
}

/** Collectors that cannot write how they are fall silent, however well they are. */
function behindFullDisk(capture: Health['capture']): Health['capture'] {
  if (capture.state !== 'down') return capture;
  const detail = `${capture.detail}; while the disk of the store is full, collectors cannot tell how they are`;
  return { ...capture, state: 'degraded', detail };
}

function silence(node: NodeStatus, nowMs: number): string {
  return `the collector on ${node.node} last reported ${Math.round((nowMs - node.timeMs) / 1000)} s ago`;
}

function modeOf(nodes: readonly NodeStatus[]): Health['capture']['mode'] {
  const modes = (['live', 'recording', 'off'] as const).filter((mode) => nodes.some((node) => node.mode === mode));
  return modes[0] ?? 'unknown';
}

interface CaptureFacts {
  readonly fresh: readonly NodeStatus[];
  readonly silent: readonly string[];
  readonly missing: readonly string[];
  readonly mode: Health['capture']['mode'];
}

function stateOf({ fresh, silent, missing, mode }: CaptureFacts): Health['capture']['state'] {
  if (fresh.length === 0) return 'down';
  if (mode === 'off' || mode === 'unknown') return 'off';
  const hasErrors = fresh.some((node) => node.interfaces.some((i) => i.error !== ''));
  const isPartial = silent.length > 0 || hasErrors || fresh.some((node) => node.mode !== mode);
  return isPartial || (mode === 'live' && missing.length > 0) ? 'degraded' : 'ok';
}
