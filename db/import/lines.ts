/** A stream of bytes as its lines, with their numbers. Says nothing of what is in them. */

export interface Line {
  /** From 1 on. */
  readonly number: number;
  /** Without the line break; null when the line is longer than it may be. */
  readonly bytes: Buffer | null;
}

/** The widest row has some tens of kilobytes. */
export const longestLine = 1 << 20;
export const tooLong = `it is longer than ${longestLine >> 20} MiB`;

const lineBreak = 10;
const carriageReturn = 13;

export async function* readLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  let pending: Buffer[] = [];
  let length = 0;
  let number = 0;
  const line = (end: Buffer): Line => {
    number += 1;
    const bytes = length > longestLine ? null : pending.length === 0 ? end : Buffer.concat([...pending, end]);
    pending = [];
    length = 0;
    if (bytes === null || bytes.length > longestLine) return { number, bytes: null };
    return { number, bytes: bytes.at(-1) === carriageReturn ? bytes.subarray(0, -1) : bytes };
  };
  for await (const given of body) {
    const chunk = Buffer.from(given.buffer, given.byteOffset, given.length);
    let start = 0;
    for (let at = chunk.indexOf(lineBreak); at >= 0; at = chunk.indexOf(lineBreak, start)) {
      yield line(chunk.subarray(start, at));
      start = at + 1;
    }
    length += chunk.length - start;
    // Of a line that is too long nothing more is kept.
    if (length > longestLine) pending = [];
    else if (start < chunk.length) pending.push(chunk.subarray(start));
  }
  if (length > 0) yield line(Buffer.alloc(0));
}
