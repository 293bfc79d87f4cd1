/** What the server counts about itself, for `GET /metrics`. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { RetentionState } from '../db/retention/retention.ts';
import { weights, type TurnsState } from './turns.ts';

export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics(retention: () => RetentionState, turns: () => TurnsState) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const dropped = (what: 'partitions' | 'rows' | 'bytes', help: string): void => {
    new Counter({
      name: `palomar_server_retention_dropped_${what}_total`,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(retention().dropped[what]);
      },
    });
  };
  dropped('partitions', 'Days of flows that were dropped because the disk of the store fills');
  dropped('rows', 'Flows in them');
  dropped('bytes', 'What they took on disk');
  new Gauge({
    name: 'palomar_server_store_questions',
    help: 'Questions that the store works on, and those that wait for their turn, by how much they read',
    labelNames: ['weight', 'state'],
    registers,
    collect() {
      const state = turns();
      for (const weight of weights) {
        this.set({ weight, state: 'running' }, state[weight].running);
        this.set({ weight, state: 'waiting' }, state[weight].waiting);
      }
    },
  });
  return {
    registry,
    requests: new Counter({
      name: 'palomar_server_requests_total',
      help: 'HTTP requests answered',
      labelNames: ['route', 'method', 'status'],
      registers,
    }),
    duration: new Histogram({
      name: 'palomar_server_request_duration_seconds',
      help: 'Time from request to the end of its answer, event streams left out',
      labelNames: ['route'],
      buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60],
      registers,
    }),
    liveClients: new Gauge({ name: 'palomar_server_live_clients', help: 'Open event streams', registers }),
    liveSkipped: new Counter({
      name: 'palomar_server_live_flows_skipped_total',
      help: 'Flows that a live client was told of only as a number',
      registers,
    }),
    storeErrors: new Counter({
      name: 'palomar_server_store_errors_total',
      help: 'Calls to the store that failed',
      labelNames: ['code'],
      registers,
    }),
  };
}
