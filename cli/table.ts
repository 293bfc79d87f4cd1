/** Rows as a table for people. Control characters in values never reach a terminal. */

/** In the order they are shown. */
export type Row = Readonly<Record<string, string | number>>;

/** A name on the network is chosen by whoever sends it: it must not steer the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\u00b7');
}

const bold = (text: string): string => `\u001b[1m${text}\u001b[22m`;

export function tableLines(rows: readonly Row[], isColoured: boolean): string[] {
  const [first] = rows;
  if (first === undefined) return [];
  const names = Object.keys(first);
  const isNumber = (name: string): boolean => typeof first[name] === 'number';
  const cells = rows.map((row) => names.map((name) => printable(String(row[name] ?? ''))));
  const widths = names.map((name, i) => Math.max(name.length, ...cells.map((line) => line[i]?.length ?? 0)));
  const lineOf = (texts: readonly string[]): string =>
    texts
      .map((text, i) => {
        const width = widths[i] ?? 0;
        return isNumber(names[i] ?? '') ? text.padStart(width) : text.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  const head = lineOf(names.map((name) => name.toUpperCase()));
  return [isColoured ? bold(head) : head, ...cells.map(lineOf)];
}
