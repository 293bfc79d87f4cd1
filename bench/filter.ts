/** The filters that the questions of a bench ask with, from their text. */
import type { Filter } from '../model/filter/ast.ts';
import { parseFilter } from '../model/filter/parse.ts';

export function filter(text: string): Filter {
  const parsed = parseFilter(text);
  if (!parsed.ok) throw new Error(`the filter ${text} does not parse: ${parsed.error.message}`);
  return parsed.value;
}
