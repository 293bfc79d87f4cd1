/**
 * Numbers flow keys (addresses, ports, protocol; not interface and tunnel) with slots, read straight out of records:
 * looking one up makes no object. Open addressing with linear probing over slot numbers; whoever keeps something of a
 * key keeps it in arrays by slot.
 */
import { flowKey } from '../decode/wire.ts';

export const wordsPerKey = 10;
const loadLimit = 0.5;
const firstCapacity = 1024;

export interface KeyTable {
  /** Keys that can be found. */
  readonly size: number;
  /** Slots are below this. */
  readonly capacity: number;
  /** Ten words of every slot's key. Replaced when the table grows. */
  readonly keys: Uint32Array;
  /** The slot of the key, or -1. `offset` is where struct flow_key starts. */
  find(view: DataView, offset: number): number;
  /** A slot for a key that `find` does not know. */
  insert(view: DataView, offset: number): number;
  isListed(slot: number): boolean;
  /** The key is not found any more; its slot stays taken. */
  unlist(slot: number): void;
  /** The slot may be given to another key. */
  free(slot: number): void;
}

/** Of the two halves of a connection id, which is equal on every node and in every release. */
export const idSeeds = [0x9e3779b9, 0x85ebca77] as const;

/** 32 bits of MurmurHash3 over the key's words. */
export function hashWords(words: Uint32Array, at: number, seed: number): number {
  let hash = seed;
  for (let i = at; i < at + wordsPerKey; i += 1) {
    let k = Math.imul(words[i] ?? 0, 0xcc9e2d51);
    k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
    hash ^= k;
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  hash ^= wordsPerKey * 4;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Words of a struct flow_key, as `keys` has them. */
function readKey(view: DataView, offset: number, into: Uint32Array): void {
  for (let i = 0; i < wordsPerKey - 1; i += 1) into[i] = view.getUint32(offset + i * 4, true);
  // The last word holds protocol and family; what follows them is not part of the key.
  into[wordsPerKey - 1] = view.getUint16(offset + flowKey.protocol, true);
}

/** The connection id of a struct flow_key that is in no table. */
export function connectionIdOf(key: Buffer): { readonly low: number; readonly high: number } {
  const words = new Uint32Array(wordsPerKey);
  readKey(new DataView(key.buffer, key.byteOffset, key.length), 0, words);
  return { low: hashWords(words, 0, idSeeds[0]), high: hashWords(words, 0, idSeeds[1]) };
}

/** `onGrow` is told before a slot beyond the old capacity is given out. */
export function createKeyTable(onGrow: (capacity: number) => void, initialCapacity = firstCapacity): KeyTable {
  let capacity = 0;
  let keys = new Uint32Array();
  let hashes = new Uint32Array();
  let listed = new Uint8Array();
  /** Slot + 1 by hash; 0 is free. */
  let index = new Uint32Array();
  let mask = 0;
  let size = 0;
  /** Slots handed out and given back; below `fresh` every slot was handed out once. */
  const returned: number[] = [];
  let fresh = 0;
  /** The key looked for, read once. */
  const wanted = new Uint32Array(wordsPerKey);

  const locate = (hash: number): number => {
    let place = hash & mask;
    for (let taken = index[place] ?? 0; taken !== 0; taken = index[place] ?? 0) {
      if (hashes[taken - 1] === hash && holdsWanted(taken - 1)) break;
      place = (place + 1) & mask;
    }
    return place;
  };

  const holdsWanted = (slot: number): boolean => {
    const at = slot * wordsPerKey;
    for (let i = 0; i < wordsPerKey; i += 1) if (keys[at + i] !== wanted[i]) return false;
    return true;
  };

  const read = (view: DataView, offset: number): number => {
    readKey(view, offset, wanted);
    return hashWords(wanted, 0, 0);
  };

  const reindex = (): void => {
    index = new Uint32Array(2 ** Math.ceil(Math.log2(capacity / loadLimit)));
    mask = index.length - 1;
    for (let slot = 0; slot < fresh; slot += 1) {
      if (listed[slot] !== 1) continue;
      let place = (hashes[slot] ?? 0) & mask;
      while (index[place] !== 0) place = (place + 1) & mask;
      index[place] = slot + 1;
    }
  };

  const grow = (next: number): void => {
    const [oldKeys, oldHashes, oldListed] = [keys, hashes, listed];
    capacity = next;
    keys = new Uint32Array(capacity * wordsPerKey);
    keys.set(oldKeys);
    hashes = new Uint32Array(capacity);
    hashes.set(oldHashes);
    listed = new Uint8Array(capacity);
    listed.set(oldListed);
    reindex();
    onGrow(capacity);
  };

  grow(Math.max(16, initialCapacity));

  return {
    get size() {
      return size;
    },
    get capacity() {
      return capacity;
    },
    get keys() {
      return keys;
    },
    find: (view, offset) => (index[locate(read(view, offset))] ?? 0) - 1,
    insert(view, offset) {
      const hash = read(view, offset);
      let slot = returned.pop();
      if (slot === undefined) {
        if (fresh === capacity) grow(capacity * 2);
        slot = fresh;
        fresh += 1;
      }
      index[locate(hash)] = slot + 1;
      keys.set(wanted, slot * wordsPerKey);
      hashes[slot] = hash;
      listed[slot] = 1;
      size += 1;
      return slot;
    },
    isListed: (slot) => listed[slot] === 1,
    unlist(slot) {
      if (listed[slot] !== 1) return;
      listed[slot] = 0;
      size -= 1;
      let hole = (hashes[slot] ?? 0) & mask;
      while (index[hole] !== slot + 1) hole = (hole + 1) & mask;
      index[hole] = 0;
      // Close the gap, so that probing needs no tombstones: move back each follower that may live in the hole.
      for (let place = (hole + 1) & mask; index[place] !== 0; place = (place + 1) & mask) {
        const home = (hashes[(index[place] ?? 0) - 1] ?? 0) & mask;
        if (((place - home) & mask) < ((place - hole) & mask)) continue;
        index[hole] = index[place] ?? 0;
        index[place] = 0;
        hole = place;
      }
    },
    free: (slot) => void returned.push(slot),
  };
}
