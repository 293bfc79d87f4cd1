/** Bounded parallelism: so many at once, so many waiting, and whoever comes then is turned away at once. */

export interface Lanes {
  readonly running: number;
  readonly waiting: number;
  /** Resolves to the function that gives the lane back. */
  enter(signal: AbortSignal): Promise<() => void>;
}

export interface LanesConfig {
  readonly parallel: number;
  readonly maxWaiting: number;
  /** What whoever is turned away is told. */
  readonly full: () => Error;
  /** What a waiter whose signal aborts is told. */
  readonly givenUp: () => Error;
}

export function createLanes({ parallel, maxWaiting, full, givenUp }: LanesConfig): Lanes {
  const waiting = new Set<() => void>();
  let running = 0;

  const leave = (): void => {
    const [next] = waiting;
    if (next === undefined) {
      running -= 1;
      return;
    }
    waiting.delete(next);
    next();
  };
  const leaveOnce = (): (() => void) => {
    let isIn = true;
    return () => {
      if (isIn) leave();
      isIn = false;
    };
  };

  return {
    get running() {
      return running;
    },
    get waiting() {
      return waiting.size;
    },
    enter(signal) {
      signal.throwIfAborted();
      if (running < parallel) {
        running += 1;
        return Promise.resolve(leaveOnce());
      }
      if (waiting.size >= maxWaiting) return Promise.reject(full());
      return new Promise((resolve, reject) => {
        const admit = (): void => {
          signal.removeEventListener('abort', giveUp);
          resolve(leaveOnce());
        };
        const giveUp = (): void => {
          waiting.delete(admit);
          reject(givenUp());
        };
        waiting.add(admit);
        signal.addEventListener('abort', giveUp, { once: true });
      });
    },
  };
}
