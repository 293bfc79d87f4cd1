/**
 * A stream of bytes as records of CSV (RFC 4180: quotes are doubled inside of quotes, which may hold line breaks). Where a record is
 * broken, reading goes on at the next line: a quote that is not closed would swallow what follows.
 */
import { longestLine, tooLong } from './lines.ts';

export interface CsvRecord {
  /** Where it begins, from 1 on. */
  readonly line: number;
  /** Bytes as characters: all that structure and numbers need. */
  readonly fields: readonly string[];
  /** As they were, with the line break. */
  readonly bytes: Buffer;
}

export interface BrokenRecord {
  readonly line: number;
  readonly why: string;
}

type Scanned =
  | { readonly is: 'record'; readonly fields: readonly string[]; readonly end: number }
  | { readonly is: 'broken'; readonly why: string }
  | { readonly is: 'unfinished' };
const unfinished: Scanned = { is: 'unfinished' };

/** The record at `start`; `isEnd` when nothing comes behind `text`. */
function scan(text: string, start: number, isEnd: boolean): Scanned {
  const fields: string[] = [];
  let lineEnd = text.indexOf('\n', start);
  for (let at = start; ; at += 1) {
    if (text[at] === '"') {
      const end = closingQuote(text, at + 1);
      if (end < 0) return isEnd ? { is: 'broken', why: 'a quote is not closed' } : unfinished;
      if (end + 2 >= text.length && !isEnd) return unfinished;
      fields.push(text.slice(at + 1, end).replaceAll('""', '"'));
      at = end + 1;
    } else {
      if (lineEnd >= 0 && lineEnd < at) lineEnd = text.indexOf('\n', at);
      const comma = text.indexOf(',', at);
      if (comma < 0 && lineEnd < 0 && !isEnd) return unfinished;
      const lineStop = lineEnd < 0 ? text.length : text[lineEnd - 1] === '\r' && lineEnd > at ? lineEnd - 1 : lineEnd;
      const end = comma < 0 ? lineStop : Math.min(comma, lineStop);
      fields.push(text.slice(at, end));
      at = end;
    }
    if (text[at] === ',') continue;
    if (at >= text.length) return { is: 'record', fields, end: text.length };
    if (text[at] === '\r' && text[at + 1] === '\n') at += 1;
    if (text[at] === '\n') return { is: 'record', fields, end: at + 1 };
    return { is: 'broken', why: 'something follows a closing quote' };
  }
}

function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at;
  }
  return -1;
}

function linesIn(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', start); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

export async function* readCsv(body: AsyncIterable<Uint8Array>): AsyncGenerator<CsvRecord | BrokenRecord> {
  let text = '';
  let line = 1;
  /** Inside of a line that is too long. */
  let isSkipping = false;

  function* take(isEnd: boolean): Generator<CsvRecord | BrokenRecord> {
    let at = 0;
    while (at < text.length) {
      const lineEnd = text.indexOf('\n', at);
      if (isSkipping) {
        if (lineEnd < 0) return void (text = '');
        isSkipping = false;
        line += 1;
        at = lineEnd + 1;
        continue;
      }
      const scanned = scan(text, at, isEnd);
      if (scanned.is === 'record') {
        yield { line, fields: scanned.fields, bytes: Buffer.from(text.slice(at, scanned.end), 'latin1') };
        line += linesIn(text, at, scanned.end);
        at = scanned.end;
        continue;
      }
      const isLong = text.length - at > longestLine;
      if (scanned.is === 'unfinished' && !isLong) break;
      if (lineEnd < 0 && !isEnd && !isLong) break;
      yield { line, why: scanned.is === 'broken' ? scanned.why : lineEnd < 0 ? tooLong : 'a quote is not closed' };
      isSkipping = lineEnd < 0 && !isEnd;
      if (lineEnd >= 0) line += 1;
      at = lineEnd < 0 ? text.length : lineEnd + 1;
    }
    text = text.slice(at);
  }

  for await (const chunk of body) {
    text += Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString('latin1');
    yield* take(false);
  }
  yield* take(true);
}
