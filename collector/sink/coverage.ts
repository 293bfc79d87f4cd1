/**
 * Writes `coverage` rows: what probe and collector counted in each interval, losses first of all. Rows exist only while
 * the probe reports, so that a missing interval is a gap.
 */
import type { Block } from '../../db/native/block.ts';
import type { coverageColumns } from '../../model/flow-columns.ts';
import type { Counters } from '../counters.ts';
import { probeGauges, probeStats } from '../decode/wire.ts';

export interface Coverage {
  /** A new connection to the probe. Counts of the same probe go on; those of another begin anew. */
  hello(bootId: bigint, monoNs: number): void;
  /** A STATS frame: cumulative counters since the probe started. */
  stats(payload: Buffer, monoNs: number, timeNs: bigint): void;
  /** The probe's latest values by name. */
  latest(): ReadonlyMap<string, number>;
}

export interface CoverageConfig {
  readonly cluster: string;
  readonly node: string;
}

const high = 4294967296;
const shortestReportNs = 0.9e9;
/** About names, not about traffic seen or lost: for /metrics only. */
const notAboutTraffic = 'kubernetes_';

export function createCoverage(
  config: CoverageConfig,
  counters: Counters,
  block: () => Block<typeof coverageColumns>,
): Coverage {
  let boot: bigint | null = null;
  let since = 0;
  /** The probe was there before us: what it had counted by then belongs to no interval that we know. */
  let isJoined = true;
  const probeBefore = new Map<string, number>();
  const collectorBefore = new Map<string, number>();

  const row = (timeNs: bigint, ms: number, component: string, counter: string, value: number): void => {
    const target = block();
    target.columns.time.push(timeNs);
    target.columns.seconds.push(Math.max(1, Math.round(ms / 1000)));
    target.columns.milliseconds.push(ms);
    target.columns.cluster.push(config.cluster);
    target.columns.node.push(config.node);
    target.columns.component.push(component);
    target.columns.counter.push(counter);
    target.columns.value.pushParts(value >>> 0, Math.floor(value / high));
    target.endRow();
  };

  return {
    hello(bootId, monoNs) {
      since = monoNs;
      if (boot === bootId) return;
      isJoined = boot === null;
      boot = bootId;
      probeBefore.clear();
    },
    stats(payload, monoNs, timeNs) {
      // Right after joining, a report would claim a second in which nobody listened: it only sets the baseline.
      const isTooEarly = isJoined && monoNs - since < shortestReportNs;
      const ms = Math.max(1, Math.round((monoNs - since) / 1e6));
      if (!isTooEarly) since = monoNs;
      probeStats.forEach((name, index) => {
        if ((index + 1) * 8 > payload.length) return;
        const value = Number(payload.readBigUInt64LE(index * 8));
        const before = probeBefore.get(name) ?? 0;
        probeBefore.set(name, value);
        if (probeGauges.has(name)) return;
        const increase = isJoined ? 0 : Math.max(0, value - before);
        if (!isTooEarly && (increase > 0 || name === 'packets_seen')) row(timeNs, ms, 'probe', name, increase);
      });
      isJoined = false;
      if (isTooEarly) return;
      for (const [name, value] of counters.entries()) {
        const increase = value - (collectorBefore.get(name) ?? 0);
        collectorBefore.set(name, value);
        if (increase > 0 && !name.startsWith(notAboutTraffic)) row(timeNs, ms, 'collector', name, increase);
      }
    },
    latest: () => probeBefore,
  };
}
