/**
 * Lines of CSV or JSON on their way to the store: those that it can hold pass as they are, the others are refused in plain words,
 * one by one. The store itself would refuse the whole file at the first of them, or wrap a number that does not fit.
 */
import { readCsv } from './csv-records.ts';
import { readLines, tooLong } from './lines.ts';
import { isListColumn, isStagedColumn, missing, problemOf, requiredColumns } from './staged-columns.ts';

/** The file is not what it should be; the message says where. */
export class ImportRefused extends Error {}

export interface Refusal {
  readonly line: number;
  readonly why: string;
}

export interface RowChecks {
  /** Throws where a line that cannot be taken refuses the file. */
  readonly refuse: (refusal: Refusal) => void;
  /** A row passed. */
  readonly accept: () => void;
  /** A column that the store has not. */
  readonly leaveOut: (name: string) => void;
}

/** So much goes to the store at once. */
const batchBytes = 1 << 16;
const lineBreak = Buffer.from('\n');

async function* inBatches(parts: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let batch: Buffer[] = [];
  let bytes = 0;
  for await (const part of parts) {
    batch.push(part);
    bytes += part.length;
    if (bytes < batchBytes) continue;
    yield Buffer.concat(batch);
    [batch, bytes] = [[], 0];
  }
  if (bytes > 0) yield Buffer.concat(batch);
}

export function checkedJson(body: AsyncIterable<Uint8Array>, checks: RowChecks): AsyncGenerator<Buffer> {
  return inBatches(jsonRows(body, checks));
}

async function* jsonRows(body: AsyncIterable<Uint8Array>, checks: RowChecks): AsyncGenerator<Buffer> {
  for await (const { number, bytes } of readLines(body)) {
    if (bytes?.length === 0) continue;
    const why = bytes === null ? tooLong : problemOfJson(bytes, checks);
    if (why !== null) checks.refuse({ line: number, why });
    else if (bytes !== null) {
      checks.accept();
      yield bytes;
      yield lineBreak;
    }
  }
}

function problemOfJson(bytes: Buffer, { leaveOut }: RowChecks): string | null {
  const text = bytes.toString();
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch {
    return text.trimEnd().endsWith('}') ? 'it is no JSON' : 'it is no whole JSON object';
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return 'it is no JSON object';
  for (const name of requiredColumns) if (!Object.hasOwn(row, name)) return missing(name);
  for (const [name, value] of Object.entries(row)) {
    const problem = problemOf(name, value);
    if (problem !== null) return problem;
    if (!isStagedColumn(name)) leaveOut(name);
  }
  return nameless(row as Readonly<Record<string, unknown>>);
}

/** 0 is the default of an id and of no flow. */
function nameless(row: Readonly<Record<string, unknown>>): string | null {
  const { id, time } = row;
  if (time === null || time === undefined || time === '') return missing('time');
  return id === null || id === undefined || id === '' || Number(id) === 0 ? missing('id') : null;
}

export function checkedCsv(body: AsyncIterable<Uint8Array>, checks: RowChecks): AsyncGenerator<Buffer> {
  return inBatches(csvRows(body, checks));
}

async function* csvRows(body: AsyncIterable<Uint8Array>, checks: RowChecks): AsyncGenerator<Buffer> {
  let names: readonly string[] | null = null;
  for await (const record of readCsv(body)) {
    if ('why' in record) {
      if (names === null) throw new ImportRefused(`line ${record.line}: ${record.why}`);
      checks.refuse(record);
    } else if (names === null) {
      names = headOf(record.fields, checks);
      yield record.bytes;
    } else {
      const why = problemOfCsv(names, record.fields);
      if (why !== null) checks.refuse({ line: record.line, why });
      else {
        checks.accept();
        yield record.bytes;
      }
    }
  }
}

function headOf(fields: readonly string[], { leaveOut }: RowChecks): readonly string[] {
  const [first = '', ...others] = fields;
  const names = [first.replace(/^\u00ef\u00bb\u00bf/, ''), ...others];
  const lacking = requiredColumns.find((name) => !names.includes(name));
  if (lacking !== undefined) throw new ImportRefused(`line 1 names no column ${lacking}: ${missing(lacking)}`);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new ImportRefused(`line 1 names the column ${twice} twice`);
  for (const name of names) if (!isStagedColumn(name)) leaveOut(name);
  return names;
}

function problemOfCsv(names: readonly string[], fields: readonly string[]): string | null {
  if (fields.length !== names.length) return `it has ${fields.length} columns, the first line has ${names.length}`;
  for (const [at, name] of names.entries()) {
    const field = fields[at] ?? '';
    if (problemOf(name, csvValue(name, field)) === null) continue;
    return problemOf(name, csvValue(name, Buffer.from(field, 'latin1').toString()));
  }
  return nameless({ time: fields[names.indexOf('time')], id: fields[names.indexOf('id')] });
}

/** Empty is the default of each column; lists are JSON. */
function csvValue(name: string, field: string): unknown {
  if (field === '' || field === '\\N') return null;
  if (!isListColumn(name)) return field;
  try {
    return JSON.parse(field);
  } catch {
    // What is no JSON is no list: the check says so.
    return field;
  }
}
