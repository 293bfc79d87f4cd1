/** The collector's Prometheus metrics, read from the same counters as the coverage rows. */
import { createServer } from 'node:http';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { WriterStats } from '../db/writer.ts';
import { storeStates } from '../db/writer/delivery.ts';
import type { Counters } from './counters.ts';
import type { MapPressure } from './decode/map-pressure.ts';
import type { ReasonTotal } from './decode/reason-totals.ts';
import { probeGauges } from './decode/wire.ts';

export interface MetricsSources {
  readonly counters: Counters;
  probeStats(): ReadonlyMap<string, number>;
  mapPressure(): ReadonlyMap<string, MapPressure>;
  reasonTotals(): ReadonlyMap<string, ReasonTotal>;
  connections(): number;
  rows(): number;
  writer(): WriterStats;
  isLive(): boolean;
}

/** Sets counters to values kept elsewhere, when they are asked for. */
function mirror(
  registry: Registry,
  name: string,
  help: string,
  entries: () => Iterable<readonly [string, number]>,
): Counter<'counter'> {
  return new Counter({
    name,
    help,
    labelNames: ['counter'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [counter, value] of entries()) this.inc({ counter }, value);
    },
  });
}

function gauge(registry: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}

/** One value for each of the probe's maps. */
function mapGauge(
  registry: Registry,
  name: string,
  help: string,
  read: () => Iterable<readonly [string, number]>,
): void {
  new Gauge({
    name,
    help,
    labelNames: ['map'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [map, value] of read()) this.set({ map }, value);
    },
  });
}

/** What became of the drops of each reason. */
function reasonCounter(registry: Registry, name: string, help: string, read: MetricsSources['reasonTotals']): void {
  new Counter({
    name,
    help,
    labelNames: ['reason', 'outcome'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [reason, { recorded, filtered, lost, unparsed }] of read()) {
        const outcomes = { recorded, filtered, lost, unparsed };
        for (const [outcome, value] of Object.entries(outcomes)) this.inc({ reason, outcome }, value);
      }
    },
  });
}

/** What waits on disk for the store. */
function spillGauges(registry: Registry, { writer }: Pick<MetricsSources, 'writer'>): void {
  const spill = () => writer().spill;
  gauge(registry, 'palomar_collector_spill_rows', 'Rows on disk that wait for the store.', () => spill()?.rows ?? 0);
  gauge(registry, 'palomar_collector_spill_bytes', 'What they take.', () => spill()?.bytes ?? 0);
  gauge(registry, 'palomar_collector_spill_max_bytes', 'What they may take; 0: there is no folder for them.', () => {
    return spill()?.maxBytes ?? 0;
  });
  gauge(registry, 'palomar_collector_spill_failing', '1 while that disk takes nothing.', () => {
    return (spill()?.problem ?? null) === null ? 0 : 1;
  });
}

export function createRegistry(sources: MetricsSources): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  mirror(registry, 'palomar_collector_events_total', 'What the collector counted, losses first of all.', () =>
    sources.counters.entries(),
  );
  mirror(registry, 'palomar_probe_events_total', 'What the probe counted since it started.', () =>
    [...sources.probeStats()].filter(([name]) => !probeGauges.has(name)),
  );
  mirror(registry, 'palomar_collector_rows_total', 'Rows made, written, and lost in one of four ways.', () => {
    const { rowsWritten, rowsDropped, rowsRejected, spillRowsDropped, spillRowsUnreadable } = sources.writer();
    return [
      ['made', sources.rows()],
      ['written', rowsWritten],
      ['dropped', rowsDropped],
      ['rejected', rowsRejected],
      ['spill_dropped', spillRowsDropped],
      ['spill_unreadable', spillRowsUnreadable],
    ];
  });
  spillGauges(registry, sources);
  reasonCounter(
    registry,
    'palomar_probe_drops_total',
    'What became of the drops of each reason since the probe started.',
    () => sources.reasonTotals(),
  );
  mapGauge(registry, 'palomar_probe_map_entries', "Entries of the probe's maps; unread bytes of a ring buffer.", () =>
    [...sources.mapPressure()].map(([map, { entries }]) => [map, entries] as const),
  );
  mapGauge(registry, 'palomar_probe_map_max_entries', 'What they can hold.', () =>
    [...sources.mapPressure()].map(([map, { maxEntries }]) => [map, maxEntries] as const),
  );
  gauge(registry, 'palomar_collector_connections', 'Conversations in the table.', () => sources.connections());
  gauge(registry, 'palomar_collector_pending_bytes', 'Encoded rows that wait for the store.', () => {
    return sources.writer().pendingBytes;
  });
  new Gauge({
    name: 'palomar_collector_store_state',
    help: '1 for how the store takes rows at present: ok, away, or full when its disk is.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const { store } = sources.writer();
      for (const state of storeStates) this.set({ state }, store === state ? 1 : 0);
    },
  });
  gauge(registry, 'palomar_collector_live', '1 while a probe is connected.', () => (sources.isLive() ? 1 : 0));
  return registry;
}

export interface MetricsServer {
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function createMetricsServer(
  listen: { readonly host: string; readonly port: number },
  registry: Registry,
): MetricsServer {
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404).end('only /metrics is served here\n');
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  return {
    start: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(listen.port, listen.host, () => resolve());
      }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
