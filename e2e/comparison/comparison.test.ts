/** The table of what Palomar does of what others do: it is whole, and what it claims is shown by tests that exist. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Row {
  readonly number: number;
  readonly answer: string;
  readonly shownBy: readonly string[];
  readonly note: string;
}

const page = readFileSync('docs/comparison.md', 'utf8');
const rows = page.split('\n').flatMap((line): Row[] => {
  const [, number = '', , answer = '', shownBy = '', note = ''] = line.split(' | ').flatMap((cell, at) => {
    const text = cell.replace(/^\||\|$/g, '').trim();
    return at === 0 ? ['', text] : [text];
  });
  if (!/^\d+$/.test(number)) return [];
  const paths = [...shownBy.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, path = '']) => path);
  return [{ number: Number(number), answer, shownBy: paths, note }];
});

describe('the comparison', () => {
  it('has its 95 rows in order, each with an answer', () => {
    expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 95 }, (_none, at) => at + 1));
    for (const { answer } of rows) expect(['yes', 'partly', 'no']).toContain(answer);
  });

  it('names a test for every yes, and says what is missing of every partly', () => {
    for (const { number, answer, shownBy, note } of rows) {
      if (answer === 'yes') expect(shownBy, `row ${number}`).not.toEqual([]);
      if (answer === 'partly') expect(note, `row ${number}`).not.toBe('');
    }
  });

  it('names only files that exist', () => {
    const missing = rows.flatMap(({ shownBy }) => shownBy.filter((path) => !existsSync(path)));
    expect(missing).toEqual([]);
  });

  it('counts in its first lines what its rows say', () => {
    const count = (wanted: string): number => rows.filter(({ answer }) => answer === wanted).length;
    expect(page).toContain(`${count('yes')} yes, ${count('partly')} partly, ${count('no')} no`);
  });
});
