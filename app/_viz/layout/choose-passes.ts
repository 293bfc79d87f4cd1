/**
 * Decides through which gap between cards an edge passes each column: every edge in turn is taken up and led again along
 * the way that crosses the fewest others, which is what dummy nodes buy elsewhere, without placing any. The work is bounded
 * by comparisons made, not by time, so that the same map always gets the same picture.
 */

/** Free stretches of a column, from the uppermost to the lowest. */
export interface Gap {
  readonly min: number;
  readonly max: number;
}

/** One edge going past one column: where it would like to, and in the end where it does. */
export interface Pass {
  readonly column: number;
  readonly wish: number;
  level: number;
}

export interface Trail {
  readonly startY: number;
  readonly endY: number;
  readonly from: number;
  readonly isForward: boolean;
  readonly passes: readonly Pass[];
}

const mostRounds = 4;
/** A comparison takes 1 to 2 ns. */
const mostCompared = 12_000_000;
const mostCandidates = 7;
/** A map with more edges is a felt whatever is done: the search cost 20 to 60 ms there and took no crossing out. */
const manyTrails = 600;
/** One crossing is worth this much climbing, in map units. */
const crossingWorth = 160;
/** A gap wider than this can be passed at its ends as well. */
const wide = 60;
/** Room for a few edges at the end of a wide gap. */
const inset = 8;

/** A stretch between two columns: through it, or turning back to the side it came from. */
const through = 0;
const turnsLeft = 1;
const turnsRight = 2;

/** All stretches between a column and the next, by index. */
interface Between {
  readonly kind: Uint8Array;
  readonly a: Float64Array;
  readonly b: Float64Array;
}

interface Stretch {
  readonly between: Between;
  readonly at: number;
  /** Runs from the right end to the left one. */
  readonly isTurned: boolean;
}

/** Sets the level of every pass of every trail. */
export function choosePasses(trails: readonly Trail[], gaps: readonly (readonly Gap[])[]): void {
  for (const { passes } of trails) {
    for (const pass of passes) pass.level = nearestLevel(gaps[pass.column] ?? [], pass.wish);
  }
  if (trails.length > manyTrails) return;
  const board = createBoard(trails, gaps.length);
  const movable = trails.flatMap((trail, index) => (trail.passes.length > 0 ? [{ trail, index }] : []));
  for (let round = 0; round < mostRounds; round++) {
    let moved = 0;
    for (const { trail, index } of movable) {
      if (board.compared() >= mostCompared) return;
      const levels = bestWay(trail, board.stretches[index] ?? [], gaps, board);
      trail.passes.forEach((pass, at) => {
        const level = levels[at] ?? pass.level;
        if (level !== pass.level) moved++;
        pass.level = level;
      });
      board.write(index);
    }
    if (moved === 0) return;
  }
}

function nearestLevel(gaps: readonly Gap[], wish: number): number {
  let best = wish;
  let nearest = Infinity;
  for (const { min, max } of gaps) {
    const level = Math.max(min, Math.min(max, wish));
    if (Math.abs(level - wish) >= nearest) continue;
    nearest = Math.abs(level - wish);
    best = level;
  }
  return best;
}

interface Board {
  readonly stretches: readonly (readonly Stretch[])[];
  /** Crossings of this stretch, were it to run between these heights. */
  crossings(stretch: Stretch, from: number, to: number): number;
  /** Takes over the levels of a trail. */
  write(trail: number): void;
  compared(): number;
}

function createBoard(trails: readonly Trail[], columns: number): Board {
  // One more at the left: what runs back to the first column turns there.
  const indexOf = ({ from, isForward }: Trail, step: number): number => (isForward ? from + step : from - step) + 1;
  const counts = new Int32Array(columns + 1);
  const sites = trails.map((trail) =>
    Array.from({ length: trail.passes.length + 1 }, (_, step) => {
      const between = indexOf(trail, step);
      const at = counts[between] ?? 0;
      counts[between] = at + 1;
      return { between, at };
    }),
  );
  const betweens = Array.from(counts, (count): Between => {
    return { kind: new Uint8Array(count), a: new Float64Array(count), b: new Float64Array(count) };
  });
  let compared = 0;
  const stretches = trails.map(({ isForward, passes }, index) =>
    (sites[index] ?? []).flatMap(({ between: place, at }, step): Stretch[] => {
      const between = betweens[place];
      if (between === undefined) return [];
      const isEnd = step === passes.length;
      between.kind[at] = isForward ? through : step === 0 ? turnsLeft : isEnd ? turnsRight : through;
      return [{ between, at, isTurned: !isForward && step > 0 && !isEnd }];
    }),
  );
  const board: Board = {
    stretches,
    crossings(stretch, from, to) {
      compared += stretch.between.kind.length;
      return stretch.isTurned ? countCrossings(stretch, to, from) : countCrossings(stretch, from, to);
    },
    write(index) {
      const trail = trails[index];
      if (trail === undefined) return;
      const heights = [trail.startY, ...trail.passes.map(({ level }) => level), trail.endY];
      stretches[index]?.forEach(({ between, at, isTurned }, step) => {
        between.a[at] = heights[isTurned ? step + 1 : step] ?? 0;
        between.b[at] = heights[isTurned ? step : step + 1] ?? 0;
      });
    },
    compared: () => compared,
  };
  trails.forEach((_, index) => board.write(index));
  return board;
}

function countCrossings({ between, at }: Stretch, a: number, b: number): number {
  const { kind, a: as, b: bs } = between;
  const own = kind[at];
  const end = own === turnsRight ? bs : as;
  let count = 0;
  for (let other = 0; other < kind.length; other++) {
    const oa = as[other] ?? 0;
    const ob = bs[other] ?? 0;
    const theirs = kind[other];
    if (other === at) continue;
    if (own === through && theirs === through) {
      if ((a - oa) * (b - ob) < 0) count++;
    } else if (own === through) {
      const mine = theirs === turnsLeft ? a : b;
      if ((mine - oa) * (mine - ob) < 0) count++;
    } else if (theirs === through) {
      const their = end[other] ?? 0;
      if ((their - a) * (their - b) < 0) count++;
    } else if (own === theirs && (oa - a) * (oa - b) < 0 !== (ob - a) * (ob - b) < 0) {
      count++;
    }
  }
  return count;
}

/** The cheapest levels for one trail while all others stay: shortest path over the candidates of each column. */
function bestWay(
  trail: Trail,
  stretches: readonly Stretch[],
  gaps: readonly (readonly Gap[])[],
  board: Board,
): number[] {
  const { passes, startY, endY } = trail;
  const step = (index: number, from: number, to: number): number => {
    const stretch = stretches[index];
    return Math.abs(to - from) + (stretch === undefined ? 0 : crossingWorth * board.crossings(stretch, from, to));
  };
  let reached = [{ level: startY, cost: 0, levels: [] as readonly number[] }];
  passes.forEach((pass, index) => {
    reached = candidates(gaps[pass.column] ?? [], pass).map((level) => {
      const ways = reached.map((way) => ({ way, cost: way.cost + step(index, way.level, level) }));
      const best = ways.reduce((a, b) => (b.cost < a.cost ? b : a));
      return { level, cost: best.cost, levels: [...best.way.levels, level] };
    });
  });
  const ends = reached.map((way) => ({ way, cost: way.cost + step(passes.length, way.level, endY) }));
  return [...ends.reduce((a, b) => (b.cost < a.cost ? b : a)).way.levels];
}

/** Where it is now comes first: of equal ways the known one stays. */
function candidates(gaps: readonly Gap[], { wish, level }: Pass): number[] {
  const levels = gaps.flatMap(({ min, max }) => {
    const near = Math.max(min, Math.min(max, wish));
    return max - min > wide ? [near, min + inset, max - inset] : [near];
  });
  const finite = levels.filter((candidate) => Number.isFinite(candidate) && candidate !== level);
  finite.sort((a, b) => Math.abs(a - wish) - Math.abs(b - wish));
  return [level, ...finite.slice(0, mostCandidates - 1)];
}
