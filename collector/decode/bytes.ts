/** Reads numbers and C strings out of wire bytes. 64-bit values become doubles: exact to 2^53, 104 days in ns. */

const high = 4294967296;

export function readWide(bytes: Buffer, offset: number): number {
  return bytes.readUInt32LE(offset) + bytes.readUInt32LE(offset + 4) * high;
}

/** A zero-padded char array. */
export function readText(bytes: Buffer, offset: number, size: number): string {
  const end = bytes.indexOf(0, offset);
  return bytes.toString('utf8', offset, end === -1 || end > offset + size ? offset + size : end);
}
