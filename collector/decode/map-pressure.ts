/** How full the probe's maps are: a MAPS frame as numbers by map. Old probes and recordings have none. */
import { readText, readWide } from './bytes.ts';
import { mapPressure } from './wire.ts';

export interface MapPressure {
  readonly entries: number;
  /** Bytes of a ring buffer, entries of every other map. */
  readonly maxEntries: number;
}

/** Of two maps that take turns the fuller one counts, under their common name. */
export function readMapPressure(payload: Buffer): Map<string, MapPressure> {
  const maps = new Map<string, MapPressure>();
  for (let at = 0; at + mapPressure.size <= payload.length; at += mapPressure.size) {
    const name = readText(payload, at + mapPressure.name, 16).replace(/_(even|odd)$/, '');
    const entries = readWide(payload, at + mapPressure.entries);
    if (entries < (maps.get(name)?.entries ?? 0)) continue;
    maps.set(name, { entries, maxEntries: readWide(payload, at + mapPressure.max_entries) });
  }
  return maps;
}
