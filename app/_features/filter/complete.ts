/** What may follow at the cursor of a filter: field names, then the values a field can have. Offers, never decides. */
import { aliases, fieldOf, fields, isFieldName, type FieldName } from '../../../model/filter/fields.ts';
import { quote } from './filter-text.ts';

export interface CompletionOption {
  /** Replaces the word at the cursor. */
  readonly insert: string;
  readonly label: string;
  readonly says: string;
}

export interface Completion {
  /** Where the word at the cursor begins. */
  readonly start: number;
  readonly options: readonly CompletionOption[];
}

const mostOptions = 9;

/** The field whose value is being typed at the cursor, and the letters so far; null when it is none, or one of words. */
export function wantedValue(
  text: string,
  cursor: number,
): { readonly field: FieldName; readonly typed: string } | null {
  const word = text.slice(wordStart(text, cursor), cursor);
  const colon = word.indexOf(':');
  const field = colon < 0 ? undefined : namedField(word.slice(0, colon));
  if (field === undefined || isOfWords(field)) return null;
  return { field, typed: word.slice(colon + 1).replaceAll('"', '') };
}

function namedField(named: string): FieldName | undefined {
  const bare = named.replace(/^(from|to)\./, '');
  return isFieldName(bare) ? bare : aliases[bare];
}

function isOfWords(name: FieldName): boolean {
  const field = fieldOf(name);
  return field.of === 'flow' && field.kind === 'word';
}

/** `valuesOf` knows values of a field that occur, the likeliest first. */
export function complete(text: string, cursor: number, valuesOf: (field: FieldName) => readonly string[]): Completion {
  const start = wordStart(text, cursor);
  const word = text.slice(start, cursor);
  const colon = word.indexOf(':');
  const options = colon < 0 ? fieldOptions(word) : valueOptions(word.slice(0, colon), word.slice(colon + 1), valuesOf);
  return { start, options: options.slice(0, mostOptions) };
}

/** A space inside quotes does not end a word. */
function wordStart(text: string, cursor: number): number {
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < cursor; at++) {
    const letter = text[at];
    if (letter === '"' && text[at - 1] !== '\\') isQuoted = !isQuoted;
    else if (!isQuoted && (letter === ' ' || letter === '(')) start = at + 1;
  }
  return start;
}

function fieldOptions(word: string): CompletionOption[] {
  const [, end = '', typed = ''] = /^((?:from|to)\.)?(.*)$/.exec(word) ?? [];
  const names = (Object.keys(fields) as FieldName[]).filter((name) => end === '' || fieldOf(name).of === 'end');
  const wanted = typed.toLowerCase();
  return sortByMatch(names, wanted, (name) => `${name} ${fieldOf(name).is}`).map((name) => ({
    insert: `${end}${name}:`,
    label: `${end}${name}`,
    says: fieldOf(name).is,
  }));
}

function valueOptions(
  named: string,
  typed: string,
  valuesOf: (field: FieldName) => readonly string[],
): CompletionOption[] {
  const name = namedField(named);
  if (name === undefined) return [];
  const field = fieldOf(name);
  const values = field.of === 'flow' && field.kind === 'word' ? Object.keys(field.words) : valuesOf(name);
  const wanted = typed.replace(/^"/, '').toLowerCase();
  const exact = values.some((value) => value.toLowerCase() === wanted);
  return sortByMatch([...new Set(values)], wanted, (value) => value)
    .filter((value) => !exact || value.toLowerCase() !== wanted)
    .map((value) => ({ insert: `${named}:${quote(value)}`, label: value, says: '' }));
}

/** What begins with the wanted letters first, then what holds them. */
function sortByMatch<T extends string>(items: readonly T[], wanted: string, textOf: (item: T) => string): T[] {
  const begins = items.filter((item) => item.toLowerCase().startsWith(wanted));
  const holds = items.filter((item) => !begins.includes(item) && textOf(item).toLowerCase().includes(wanted));
  return [...begins, ...holds];
}
