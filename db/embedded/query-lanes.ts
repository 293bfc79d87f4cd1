/** Lanes that turn away as a ClickHouse server does. */
import { createLanes, type Lanes } from '../lanes.ts';
import { StoreError } from './store-error.ts';

export function createQueryLanes(bounds: { readonly parallel: number; readonly maxWaiting: number }): Lanes {
  const { parallel, maxWaiting } = bounds;
  const message = `Too many simultaneous queries: ${parallel} running, ${maxWaiting} waiting. Try again later.`;
  const full = (): StoreError => new StoreError(202, 'TOO_MANY_SIMULTANEOUS_QUERIES', message);
  return createLanes({ ...bounds, full, givenUp: cancelled });
}

export function cancelled(): StoreError {
  return new StoreError(394, 'QUERY_WAS_CANCELLED', 'Query was cancelled');
}
