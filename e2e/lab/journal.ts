/** What one pod's program said, line by line: a bounded list that counts what no longer fits. */
export type JournalEntry = Readonly<Record<string, unknown>> & { readonly event: string };

export interface Journal {
  readonly entries: readonly JournalEntry[];
  /** Entries that were forgotten to make room. */
  readonly dropped: number;
  append(line: string): void;
  /** Resolves with the first entry, old or new, that `matches`; rejects after `timeoutMs`. */
  waitFor(what: string, matches: (entry: JournalEntry) => boolean, timeoutMs: number): Promise<JournalEntry>;
}

function parse(line: string): JournalEntry {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && 'event' in value && typeof value.event === 'string') {
      return { ...value, event: value.event };
    }
  } catch (cause) {
    // Programs that are not ours write plain text.
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  return { event: 'text', text: line };
}

export function createJournal(config: { readonly limit: number }): Journal {
  const entries: JournalEntry[] = [];
  const waiting = new Set<(entry: JournalEntry) => void>();
  let dropped = 0;
  return {
    entries,
    get dropped() {
      return dropped;
    },
    append(line) {
      const entry = parse(line);
      entries.push(entry);
      if (entries.length > config.limit) {
        entries.shift();
        dropped += 1;
      }
      for (const tell of waiting) tell(entry);
    },
    waitFor(what, matches, timeoutMs) {
      const known = entries.find(matches);
      if (known) return Promise.resolve(known);
      return new Promise((resolve, reject) => {
        const tell = (entry: JournalEntry): void => {
          if (!matches(entry)) return;
          clearTimeout(timer);
          waiting.delete(tell);
          resolve(entry);
        };
        const timer = setTimeout(() => {
          waiting.delete(tell);
          const last = entries.slice(-3).map((entry) => JSON.stringify(entry));
          reject(new Error(`${what}: not seen within ${timeoutMs} ms; last lines: ${last.join(' ') || 'none'}`));
        }, timeoutMs);
        waiting.add(tell);
      });
    },
  };
}
