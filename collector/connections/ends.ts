/**
 * Which sighting of a conversation counts for which end. A conversation is seen at up to two interfaces that matter:
 * the one behind which its source is, and the one behind which its destination is. Others (a bridge, an uplink between)
 * saw the same packets again and are left out, so that nothing counts twice.
 */
import type { Side } from '../protocol/exchange.ts';
import { addressOf, bit, field, seen, type ConnectionState } from './state.ts';

/** What the choice needs to know of the machine. */
export interface Surroundings {
  /** Raised when `isNodeAddress` may say otherwise than before. */
  readonly version: number;
  /** The far side of the interface is a network namespace of this machine. */
  isLocalEnd(ifindex: number): boolean;
  isNodeAddress(address: string): boolean;
}

/** Nothing of the kind. */
export const nowhere = -1;

export interface Ends {
  reporter: 'source' | 'destination';
  /** Sighting of the reporter's end; `nowhere` when no interface saw any packet yet. */
  counted: number;
  /** That of the other end, when it is on this machine too. */
  peer: number;
}

/** One is better than another: outside of tunnels first, then the older interface. */
function isBetter(state: ConnectionState, one: number, other: number): boolean {
  const [a, b] = [one * seen.size, other * seen.size];
  const isPlain = state.seen[a + seen.tunnel] === 0;
  if (isPlain !== (state.seen[b + seen.tunnel] === 0)) return isPlain;
  return (state.seen[a + seen.ifindex] ?? 0) < (state.seen[b + seen.ifindex] ?? 0);
}

/** Is the address of that side one of the node's own? Asked of a name table once per change of the interfaces. */
function isNode(state: ConnectionState, slot: number, side: Side, around: Surroundings): boolean {
  const at = slot * field.size;
  const { words } = state;
  if (words[at + field.nodeVersion] !== around.version + 1) {
    const known = (words[at + field.bits] ?? 0) & ~(3 * bit.isNode);
    const a = around.isNodeAddress(addressOf(state, slot, 0)) ? bit.isNode : 0;
    const b = around.isNodeAddress(addressOf(state, slot, 1)) ? bit.isNode << 1 : 0;
    words[at + field.bits] = known | a | b;
    words[at + field.nodeVersion] = around.version + 1;
  }
  return ((words[at + field.bits] ?? 0) & (bit.isNode << side)) !== 0;
}

/** Chooses for one slot after the other. What it returns is good until it is asked again: one object, not one per row. */
export function createEnds(state: ConnectionState, around: Surroundings): (slot: number) => Readonly<Ends> {
  const ends: Ends = { reporter: 'source', counted: nowhere, peer: nowhere };
  /** The best sighting behind which a, or b, is: that of a local namespace first. */
  const best = [nowhere, nowhere];
  const isLocal = [false, false];

  const look = (slot: number): void => {
    best[0] = nowhere;
    best[1] = nowhere;
    isLocal[0] = false;
    isLocal[1] = false;
    const { words, seen: sightings } = state;
    for (let at = words[slot * field.size + field.sighting] ?? 0; at !== 0;) {
      const number = at - 1;
      const from = number * seen.size;
      at = sightings[from + seen.next] ?? 0;
      const side = (sightings[from + seen.faces] ?? 0) - 1;
      if (side === -1) continue;
      const local = around.isLocalEnd(sightings[from + seen.ifindex] ?? 0);
      const before = best[side] ?? nowhere;
      const wasLocal = isLocal[side] ?? false;
      if (before === nowhere || (local && !wasLocal) || (local === wasLocal && isBetter(state, number, before))) {
        best[side] = number;
        isLocal[side] = local;
      }
    }
  };

  const set = (reporter: Ends['reporter'], counted: number, peer: number): Readonly<Ends> => {
    ends.reporter = reporter;
    ends.counted = counted;
    ends.peer = peer;
    return ends;
  };

  /** The oldest of all, whatever it faces. */
  const first = (slot: number): number => {
    let number = nowhere;
    for (let at = state.words[slot * field.size + field.sighting] ?? 0; at !== 0;) {
      number = at - 1;
      at = state.seen[number * seen.size + seen.next] ?? 0;
    }
    return number;
  };

  return (slot) => {
    look(slot);
    const side = state.words[slot * field.size + field.initiator] === 1 ? 1 : 0;
    const back = side === 0 ? 1 : 0;
    const source = best[side] ?? nowhere;
    const destination = best[back] ?? nowhere;
    if (isLocal[side] === true) return set('source', source, isLocal[back] === true ? destination : nowhere);
    const isFromNode = isNode(state, slot, side, around);
    // The node's own stack has no interface of its own: what entered the pod is what the node sent.
    if (isLocal[back] === true) return set(isFromNode ? 'source' : 'destination', destination, nowhere);
    if (isFromNode) return set('source', destination === nowhere ? source : destination, nowhere);
    if (isNode(state, slot, back, around))
      return set('destination', source === nowhere ? destination : source, nowhere);
    // Forwarded between two interfaces that are no pods: a router or a host of virtual machines.
    if (source !== nowhere && destination !== nowhere) return set('source', source, destination);
    if (source !== nowhere) return set('destination', source, nowhere);
    return set('source', destination === nowhere ? first(slot) : destination, nowhere);
  };
}
