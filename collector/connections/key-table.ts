/**
 * A hash table from flow keys (addresses, ports, protocol; not the interface) to values, read straight out of records:
 * looking one up makes no object. Open addressing with linear probing over one array of words.
 */
import { flowKey } from '../decode/wire.ts';

const wordsPerKey = 10;
const loadLimit = 0.6;

export interface KeyTable<T> {
  readonly size: number;
  /** `offset` is where struct flow_key starts. */
  find(bytes: Buffer, offset: number): T | undefined;
  insert(bytes: Buffer, offset: number, value: T): void;
  remove(bytes: Buffer, offset: number): boolean;
  values(): IterableIterator<T>;
  clear(): void;
}

function word(bytes: Buffer, offset: number, index: number): number {
  // The last word holds protocol, family and two bytes of padding, which are not part of the key.
  return index < wordsPerKey - 1
    ? bytes.readUInt32LE(offset + index * 4)
    : bytes.readUInt16LE(offset + flowKey.protocol);
}

/** 32 bits of MurmurHash3 over the key. Two seeds make the 64-bit connection id, equal on every node. */
export function hashKey(bytes: Buffer, offset: number, seed: number): number {
  let hash = seed;
  for (let i = 0; i < wordsPerKey; i += 1) {
    let k = Math.imul(word(bytes, offset, i), 0xcc9e2d51);
    k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
    hash ^= k;
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  hash ^= wordsPerKey * 4;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

export function createKeyTable<T extends object>(initialCapacity = 1024): KeyTable<T> {
  let mask = 0;
  let keys = new Uint32Array();
  let slots: (T | undefined)[] = [];
  let size = 0;

  const allocate = (capacity: number): void => {
    mask = capacity - 1;
    keys = new Uint32Array(capacity * wordsPerKey);
    slots = new Array<T | undefined>(capacity).fill(undefined);
    size = 0;
  };

  const holds = (slot: number, bytes: Buffer, offset: number): boolean => {
    for (let i = 0; i < wordsPerKey; i += 1) {
      if (keys[slot * wordsPerKey + i] !== word(bytes, offset, i)) return false;
    }
    return true;
  };

  /** The slot of the key, or the free one where it belongs. */
  const locate = (bytes: Buffer, offset: number): number => {
    let slot = hashKey(bytes, offset, 0) & mask;
    while (slots[slot] !== undefined && !holds(slot, bytes, offset)) slot = (slot + 1) & mask;
    return slot;
  };

  const storedKey = Buffer.alloc(flowKey.size);
  const homeOf = (slot: number): number => {
    for (let i = 0; i < wordsPerKey; i += 1) storedKey.writeUInt32LE(keys[slot * wordsPerKey + i] ?? 0, i * 4);
    return hashKey(storedKey, 0, 0) & mask;
  };

  const grow = (): void => {
    const oldKeys = keys;
    const oldSlots = slots;
    allocate(oldSlots.length * 2);
    oldSlots.forEach((value, slot) => {
      if (value === undefined) return;
      const from = slot * wordsPerKey;
      for (let i = 0; i < wordsPerKey; i += 1) storedKey.writeUInt32LE(oldKeys[from + i] ?? 0, i * 4);
      const at = locate(storedKey, 0);
      keys.set(oldKeys.subarray(from, from + wordsPerKey), at * wordsPerKey);
      slots[at] = value;
      size += 1;
    });
  };

  allocate(2 ** Math.ceil(Math.log2(Math.max(16, initialCapacity))));

  return {
    get size() {
      return size;
    },
    find: (bytes, offset) => slots[locate(bytes, offset)],
    insert(bytes, offset, value) {
      if (size >= slots.length * loadLimit) grow();
      const slot = locate(bytes, offset);
      if (slots[slot] === undefined) size += 1;
      for (let i = 0; i < wordsPerKey; i += 1) keys[slot * wordsPerKey + i] = word(bytes, offset, i);
      slots[slot] = value;
    },
    remove(bytes, offset) {
      let hole = locate(bytes, offset);
      if (slots[hole] === undefined) return false;
      slots[hole] = undefined;
      size -= 1;
      // Close the gap, so that probing needs no tombstones: move back each follower that may live in the hole.
      for (let slot = (hole + 1) & mask; slots[slot] !== undefined; slot = (slot + 1) & mask) {
        if (((slot - homeOf(slot)) & mask) < ((slot - hole) & mask)) continue;
        keys.copyWithin(hole * wordsPerKey, slot * wordsPerKey, (slot + 1) * wordsPerKey);
        slots[hole] = slots[slot];
        slots[slot] = undefined;
        hole = slot;
      }
      return true;
    },
    *values() {
      for (const value of slots) if (value !== undefined) yield value;
    },
    clear: () => allocate(1024),
  };
}
