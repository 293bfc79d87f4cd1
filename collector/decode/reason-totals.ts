/** What became of the drops of each reason: a REASONS frame as numbers by reason. Old probes and recordings have none. */
import { readWide } from './bytes.ts';
import { reasonTotal } from './wire.ts';

/** Since the probe started. */
export interface ReasonTotal {
  /** Packets told of in drop records. */
  readonly recorded: number;
  /** What is no drop. */
  readonly filtered: number;
  /** Packets for which the map of drops had no room. */
  readonly lost: number;
  /** Drops without a readable IP header. */
  readonly unparsed: number;
}

/** Reasons without a name, those of a kernel's modules for instance, are added up as `OTHER`. */
export function readReasonTotals(payload: Buffer, names: ReadonlyMap<number, string>): Map<string, ReasonTotal> {
  const totals = new Map<string, ReasonTotal>();
  for (let at = 0; at + reasonTotal.size <= payload.length; at += reasonTotal.size) {
    const name = names.get(payload.readUInt32LE(at + reasonTotal.reason)) ?? 'OTHER';
    const before = totals.get(name);
    totals.set(name, {
      recorded: (before?.recorded ?? 0) + readWide(payload, at + reasonTotal.recorded),
      filtered: (before?.filtered ?? 0) + readWide(payload, at + reasonTotal.filtered),
      lost: (before?.lost ?? 0) + readWide(payload, at + reasonTotal.lost),
      unparsed: (before?.unparsed ?? 0) + readWide(payload, at + reasonTotal.unparsed),
    });
  }
  return totals;
}
