/** Starts a task so many times a second, never more than `maxInFlight` at once; what did not fit is counted. */
export interface Pacer {
  readonly skipped: number;
  start(): void;
  /** Starts no more and waits for those under way. */
  stop(): Promise<void>;
}

const tickMs = 20;

export function createPacer(
  config: { readonly perSecond: number; readonly maxInFlight: number },
  deps: { readonly task: (n: number) => Promise<void>; readonly clock: () => number },
): Pacer {
  const inFlight = new Set<Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let started = 0;
  let skipped = 0;
  let begunMs = 0;

  function tick(): void {
    const due = Math.floor(((deps.clock() - begunMs) / 1000) * config.perSecond);
    while (started + skipped < due) {
      if (inFlight.size >= config.maxInFlight) {
        skipped += 1;
        continue;
      }
      const task = deps.task(started).finally(() => inFlight.delete(task));
      started += 1;
      inFlight.add(task);
    }
  }

  return {
    get skipped() {
      return skipped;
    },
    start() {
      begunMs = deps.clock();
      timer = setInterval(tick, tickMs);
    },
    async stop() {
      clearInterval(timer);
      await Promise.all(inFlight);
    },
  };
}
