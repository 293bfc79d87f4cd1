/** Bounded parallelism: so many at once, so many waiting, and whoever comes then is turned away at once. */
import { StoreError } from './store-error.ts';

export interface Lanes {
  readonly running: number;
  /** Resolves to the function that gives the lane back. */
  enter(signal: AbortSignal): Promise<() => void>;
}

export function createLanes(config: { readonly parallel: number; readonly maxWaiting: number }): Lanes {
  const { parallel, maxWaiting } = config;
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
    enter(signal) {
      signal.throwIfAborted();
      if (running < parallel) {
        running += 1;
        return Promise.resolve(leaveOnce());
      }
      if (waiting.size >= maxWaiting) {
        const message = `Too many simultaneous queries: ${parallel} running, ${maxWaiting} waiting. Try again later.`;
        return Promise.reject(new StoreError(202, 'TOO_MANY_SIMULTANEOUS_QUERIES', message));
      }
      return new Promise((resolve, reject) => {
        const admit = (): void => {
          signal.removeEventListener('abort', giveUp);
          resolve(leaveOnce());
        };
        const giveUp = (): void => {
          waiting.delete(admit);
          reject(cancelled());
        };
        waiting.add(admit);
        signal.addEventListener('abort', giveUp, { once: true });
      });
    },
  };
}

export function cancelled(): StoreError {
  return new StoreError(394, 'QUERY_WAS_CANCELLED', 'Query was cancelled');
}
