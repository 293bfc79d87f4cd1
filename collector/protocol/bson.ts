/** Walks the elements of a BSON document at its top, without looking into their values unless asked. */

export interface Element {
  readonly type: number;
  readonly name: string;
  /** Where its value starts; it may end beyond what was kept. */
  readonly at: number;
}

export const bsonType = { double: 1, string: 2, document: 3, array: 4, bool: 8, int32: 16, int64: 18 } as const;

const nameLimit = 128;

/** Size of a value; -1: of no known type, or its length lies beyond the bytes. */
function valueSize(bytes: Buffer, type: number, at: number, end: number): number {
  const prefixed = (extra: number): number => {
    if (at + 4 > end) return -1;
    const length = bytes.readInt32LE(at);
    return length < 0 ? -1 : length + extra;
  };
  switch (type) {
    case bsonType.double:
    case 9:
    case 17:
    case bsonType.int64:
      return 8;
    case bsonType.string:
    case 13:
    case 14:
      return prefixed(4);
    case bsonType.document:
    case bsonType.array:
    case 15:
      return prefixed(0);
    case 5:
      return prefixed(5);
    case 6:
    case 10:
    case 127:
    case 255:
      return 0;
    case 7:
      return 12;
    case bsonType.bool:
      return 1;
    case 12:
      return prefixed(16);
    case bsonType.int32:
      return 4;
    case 19:
      return 16;
    default:
      return -1;
  }
}

/** Calls back for each element until it answers false, or the bytes end. */
export function walkDocument(
  bytes: Buffer,
  start: number,
  end: number,
  onElement: (element: Element) => boolean,
): void {
  for (let at = start + 4; at < end;) {
    const type = bytes[at] ?? 0;
    if (type === 0) return;
    const nameEnd = bytes.indexOf(0, at + 1);
    if (nameEnd === -1 || nameEnd >= end || nameEnd - at > nameLimit) return;
    const valueAt = nameEnd + 1;
    if (!onElement({ type, name: bytes.toString('latin1', at + 1, nameEnd), at: valueAt })) return;
    const size = valueSize(bytes, type, valueAt, end);
    if (size < 0) return;
    at = valueAt + size;
  }
}

/** Empty when the element is no string, or was not kept whole. */
export function stringOf(bytes: Buffer, { type, at }: Element, end: number): string {
  if (type !== bsonType.string || at + 4 > end) return '';
  const length = bytes.readInt32LE(at);
  return length < 1 || length > 1024 || at + 4 + length > end ? '' : bytes.toString('utf8', at + 4, at + 3 + length);
}

/** Undefined when the element is no number, or was not kept whole. */
export function numberOf(bytes: Buffer, { type, at }: Element, end: number): number | undefined {
  if (type === bsonType.double && at + 8 <= end) return bytes.readDoubleLE(at);
  if (type === bsonType.int32 && at + 4 <= end) return bytes.readInt32LE(at);
  if (type === bsonType.int64 && at + 8 <= end) return Number(bytes.readBigInt64LE(at));
  if (type === bsonType.bool && at + 1 <= end) return bytes[at];
  return undefined;
}
