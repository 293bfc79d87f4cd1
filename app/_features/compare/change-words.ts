/** What changed, in the fewest words that still say by how much. */
import type { EdgeChange, Measure } from '../../../model/api.ts';
import { formatBytes, formatCompact } from '../../_viz/format/quantities.ts';

export type Factor = EdgeChange['factors'][number];

const names: Readonly<Record<Measure, string>> = {
  drops: 'drops',
  errors: 'errors',
  requests: 'requests',
  connections: 'connections',
  bytes: 'bytes',
};
/** What an on-call engineer wants to hear of first. */
const order: readonly Measure[] = ['drops', 'errors', 'requests', 'connections', 'bytes'];

export const measureName = (measure: Measure): string => names[measure];

export const formatMeasure = (measure: Measure, value: number): string =>
  measure === 'bytes' ? formatBytes(value) : formatCompact(value);

/** "×3.2", "×0.25", "from none", "to none". */
export function factorWords(factor: number | null): string {
  if (factor === null) return 'from none';
  if (factor === 0) return 'to none';
  const figures = factor >= 100 ? Math.round(factor) : Number(factor.toPrecision(2));
  return `×${figures}`;
}

/** The one to say first: drops before errors before traffic. */
export function leadingFactor(factors: readonly Factor[]): Factor | null {
  return [...factors].sort((a, b) => order.indexOf(a.measure) - order.indexOf(b.measure))[0] ?? null;
}

/** "drops from none", "requests ×3.2". */
export function changeWords(factors: readonly Factor[]): string {
  const lead = leadingFactor(factors);
  return lead === null ? '' : `${names[lead.measure]} ${factorWords(lead.factor)}`;
}

/** How far from "as before", whichever way: what came from nothing or went to nothing is furthest. */
export function strength({ factor }: Factor): number {
  return factor === null || factor === 0 ? Number.MAX_VALUE : Math.abs(Math.log(factor));
}

export const isMore = ({ factor }: Factor): boolean => factor === null || factor > 1;
