/**
 * Whose turn it is at the store. Questions that read little never wait behind those that read much: each kind has lanes of its
 * own. A store that works on a few heavy questions at a time answers them sooner than one that works on all at once, and
 * whoever finds too many waiting is told so.
 */
import { createLanes, type Lanes } from '../db/lanes.ts';
import { StoreError } from './failure.ts';

export const weights = ['light', 'heavy', 'export'] as const;
export type Weight = (typeof weights)[number];

interface Bounds {
  /** Questions of this weight that are asked of the store at once. */
  readonly parallel: number;
  readonly maxWaiting: number;
}

export type TurnsConfig = Readonly<Record<Weight, Bounds>>;

export const standardTurns: TurnsConfig = {
  light: { parallel: 6, maxWaiting: 256 },
  heavy: { parallel: 2, maxWaiting: 32 },
  export: { parallel: 2, maxWaiting: 32 },
};

export type TurnsState = Readonly<Record<Weight, { readonly running: number; readonly waiting: number }>>;

export interface Turns {
  /** Does `work` when it is its turn. Throws `StoreError` when too many wait, or the signal aborts before. */
  take<T>(weight: Weight, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  readonly state: () => TurnsState;
}

const called: Readonly<Record<Weight, string>> = {
  light: 'questions',
  heavy: 'questions that read much',
  export: 'exports',
};

function lanesOf(weight: Weight, bounds: Bounds): Lanes {
  const { parallel, maxWaiting } = bounds;
  const message = `${parallel} ${called[weight]} are being answered and ${maxWaiting} wait: ask again in a moment`;
  return createLanes({
    ...bounds,
    full: () => new StoreError('store_busy', message),
    givenUp: () => new StoreError('cancelled', 'the question was given up'),
  });
}

export function createTurns(config: TurnsConfig): Turns {
  const lanes = {
    light: lanesOf('light', config.light),
    heavy: lanesOf('heavy', config.heavy),
    export: lanesOf('export', config.export),
  } as const;
  const stateOf = ({ running, waiting }: Lanes): { running: number; waiting: number } => ({ running, waiting });
  return {
    async take(weight, signal, work) {
      const leave = await lanes[weight].enter(signal);
      try {
        return await work();
      } finally {
        leave();
      }
    },
    state: () => ({ light: stateOf(lanes.light), heavy: stateOf(lanes.heavy), export: stateOf(lanes.export) }),
  };
}
