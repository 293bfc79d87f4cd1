/** Finding a text in the rows that the table holds: a virtual table shows the browser's own search a screenful only. */
import type { Flow } from '../../../model/api.ts';
import { factGroups } from './flow-facts.ts';

const texts = new WeakMap<Flow, string>();

function textOf(flow: Flow): string {
  const known = texts.get(flow);
  if (known !== undefined) return known;
  const values = factGroups(flow).flatMap(({ rows }) => rows.map(([, value]) => value));
  const text = [flow.verdict, flow.summary, ...values].join('\n').toLowerCase();
  texts.set(flow, text);
  return text;
}

/** Indexes of the rows that hold every word typed, from the top. */
export function findRows(rows: readonly Flow[], typed: string): readonly number[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  return rows.flatMap((flow, index) => (words.every((word) => textOf(flow).includes(word)) ? [index] : []));
}

/** The next one found after `from` in that direction, around the end. */
export function nextFound(found: readonly number[], from: number, step: -1 | 1): number | null {
  const ahead = step === 1 ? found.find((index) => index > from) : found.findLast((index) => index < from);
  return ahead ?? (step === 1 ? found[0] : found.at(-1)) ?? null;
}
