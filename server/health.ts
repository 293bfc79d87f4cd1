/** Works out how all is from what the nodes last reported and whether the store answers. */
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
  const { url, embedded, version, problem } = store;
  const base = { url, embedded, version: version ?? '' };
  if (version === null) return { ...base, state: 'down', detail: problem ?? 'the store does not answer' };
  return { ...base, state: problem === null ? 'ok' : 'degraded', detail: problem ?? '' };
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
  };
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
