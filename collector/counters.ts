/**
 * What the collector itself counts, losses first of all. One list feeds the coverage rows, the log and /metrics, so that
 * they cannot disagree. Names are fixed in the code, never taken from traffic: the list stays small.
 */
export interface Counters {
  add(name: string, count: number): void;
  read(name: string): number;
  entries(): IterableIterator<[string, number]>;
}

export function createCounters(): Counters {
  const values = new Map<string, number>();
  return {
    add: (name, count) => void values.set(name, (values.get(name) ?? 0) + count),
    read: (name) => values.get(name) ?? 0,
    entries: () => values.entries(),
  };
}
