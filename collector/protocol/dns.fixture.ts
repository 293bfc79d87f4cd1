/** Builds DNS messages for tests. */
import type { Line } from './converse.fixture.ts';

export function nameBytes(name: string): Buffer {
  const labels = name === '' ? [] : name.split('.');
  return Buffer.concat([
    ...labels.map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.from([0]),
  ]);
}

const numbers = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  NAPTR: 35,
  DNAME: 39,
  OPT: 41,
  DS: 43,
  SSHFP: 44,
  DNSKEY: 48,
  TLSA: 52,
  SVCB: 64,
  HTTPS: 65,
  AXFR: 252,
  ANY: 255,
  CAA: 257,
} as const;
export type TypeName = keyof typeof numbers;

export interface RecordFields {
  readonly name?: Buffer;
  readonly type: TypeName | number;
  readonly ttl?: number;
  readonly data: Buffer;
}

/** Points at the question's name. */
export const toQuestion = Buffer.from([0xc0, 12]);

export interface MessageFields {
  readonly id?: number;
  readonly name?: string;
  readonly type?: TypeName | number;
  readonly isResponse?: boolean;
  readonly isTruncated?: boolean;
  readonly opcode?: number;
  readonly rcode?: number;
  readonly answers?: readonly RecordFields[];
  readonly additional?: readonly RecordFields[];
}

function numberOf(type: TypeName | number): number {
  return typeof type === 'number' ? type : numbers[type];
}

function recordBytes({ name = toQuestion, type, ttl = 60, data }: RecordFields): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(numberOf(type), 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(ttl, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([name, fixed, data]);
}

export function message(fields: MessageFields = {}): Buffer {
  const { answers = [], additional = [], isResponse = answers.length > 0 || fields.rcode !== undefined } = fields;
  const header = Buffer.alloc(12);
  const flags = (isResponse ? 0x8180 : 0x0100) | (fields.isTruncated === true ? 0x0200 : 0);
  header.writeUInt16BE(fields.id ?? 7, 0);
  header.writeUInt16BE(flags | ((fields.opcode ?? 0) << 11) | (fields.rcode ?? 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(answers.length, 6);
  header.writeUInt16BE(additional.length, 10);
  const asked = Buffer.from([0, 0, 0, 1]);
  asked.writeUInt16BE(numberOf(fields.type ?? 'A'), 0);
  const question = Buffer.concat([nameBytes(fields.name ?? 'api.test'), asked]);
  return Buffer.concat([header, question, ...[...answers, ...additional].map(recordBytes)]);
}

export const a = (...bytes: readonly number[]): RecordFields => ({ type: 'A', data: Buffer.from(bytes) });

/** As TCP carries it. */
export function framed(bytes: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length, 0);
  return Buffer.concat([length, bytes]);
}

/** Two queries at once over TCP, answered the other way round, then another one. */
export function dnsOverTcp(): Line[] {
  return [
    [0, framed(message({ id: 1, name: 'one.test' }))],
    [0, framed(message({ id: 2, name: 'two.test', type: 'AAAA' }))],
    [1, framed(message({ id: 2, name: 'two.test', type: 'AAAA', rcode: 3 }))],
    [1, framed(message({ id: 1, name: 'one.test', answers: [a(10, 0, 0, 1), a(10, 0, 0, 2)] }))],
    [0, framed(message({ id: 3, name: 'text.test', type: 'TXT' }))],
    [
      1,
      framed(
        message({ id: 3, name: 'text.test', type: 'TXT', answers: [{ type: 'TXT', data: Buffer.from('\x02ok') }] }),
      ),
    ],
  ];
}
