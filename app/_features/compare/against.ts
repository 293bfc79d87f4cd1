/** Which earlier time a range is compared with: always of the same length, and in whole days so that the time of day agrees. */
export const againsts = ['before', 'yesterday', 'last-week'] as const;
export type Against = (typeof againsts)[number];

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

interface AgainstFacts {
  readonly label: string;
  /** Said after "since" and "than". */
  readonly short: string;
  /** Null: as long ago as the range is long. */
  readonly agoMs: number | null;
}

const dayMs = 86_400_000;

export const againstFacts: Readonly<Record<Against, AgainstFacts>> = {
  before: { label: 'The period just before', short: 'the period before', agoMs: null },
  yesterday: { label: 'The same time yesterday', short: 'yesterday', agoMs: dayMs },
  'last-week': { label: 'The same time last week', short: 'last week', agoMs: 7 * dayMs },
};

/** Where the range compared with begins. */
export function startOfOther(against: Against, { fromMs, toMs }: Span): number {
  return fromMs - (againstFacts[against].agoMs ?? toMs - fromMs);
}

/** A range longer than a day overlaps with itself a day ago: what lies in both cannot differ. */
export function doOverlap(against: Against, { fromMs, toMs }: Span): boolean {
  const { agoMs } = againstFacts[against];
  return agoMs !== null && toMs - fromMs > agoMs;
}
