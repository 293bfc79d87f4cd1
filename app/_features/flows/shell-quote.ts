/** One word of a shell command, whatever is in it. */
export const shellQuote = (value: string): string =>
  /^[\w./:@=-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
