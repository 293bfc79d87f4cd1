/** Growing byte buffers and the variable-length integers of the Native format. */

/** The unused tail of `bytes` is at least `extra` long afterwards; what stood before `length` is kept. */
export function withRoom(bytes: Uint8Array<ArrayBuffer>, length: number, extra: number): Uint8Array<ArrayBuffer> {
  if (length + extra <= bytes.length) return bytes;
  const grown = new Uint8Array(Math.max(bytes.length * 2, length + extra));
  grown.set(bytes.subarray(0, length));
  return grown;
}

/** Bytes that `value` takes as a VarUInt. */
export function varUintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size += 1;
  return size;
}

/** Writes `value` as a VarUInt (LEB128) and returns the position after it. */
export function writeVarUint(out: Uint8Array, at: number, value: number): number {
  let rest = value;
  let position = at;
  while (rest >= 0x80) {
    out[position++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  out[position++] = rest;
  return position;
}

/** Writes a count as a little-endian UInt64 and returns the position after it. */
export function writeCount(out: Uint8Array, at: number, value: number): number {
  const view = new DataView(out.buffer, out.byteOffset + at, 8);
  view.setUint32(0, value >>> 0, true);
  view.setUint32(4, Math.floor(value / 2 ** 32), true);
  return at + 8;
}
