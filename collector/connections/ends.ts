/**
 * Which sighting of a conversation counts for which end. A conversation is seen at up to two interfaces that matter:
 * the one behind which its source is, and the one behind which its destination is. Others (a bridge, an uplink between)
 * saw the same packets again and are left out, so that nothing counts twice.
 */
import type { Side } from '../protocol/exchange.ts';
import type { Connection, Sighting } from './connection.ts';

/** What the choice needs to know of the machine. */
export interface Surroundings {
  /** The far side of the interface is a network namespace of this machine. */
  isLocalEnd(ifindex: number): boolean;
  isNodeAddress(address: string): boolean;
}

export interface Ends {
  readonly reporter: 'source' | 'destination';
  /** The reporter's end; undefined when no interface saw any packet yet. */
  readonly counted: Sighting | undefined;
  /** The other end, when it is on this machine too. */
  readonly peer: Sighting | undefined;
}

/**
 * The best sighting behind which `side` is: that of a local namespace first, then one outside of tunnels, then the oldest
 * interface.
 */
function behind(
  connection: Connection,
  side: Side,
  around: Surroundings,
): { at: Sighting | undefined; local: boolean } {
  let at: Sighting | undefined;
  let local = false;
  for (const sighting of connection.sightings) {
    if (sighting.faces !== side) continue;
    const isLocal = around.isLocalEnd(sighting.ifindex);
    if (at === undefined || (isLocal && !local) || (isLocal === local && isBetter(sighting, at))) {
      at = sighting;
      local = isLocal;
    }
  }
  return { at, local };
}

function isBetter(one: Sighting, other: Sighting): boolean {
  const isPlain = one.tunnel === 0;
  return isPlain === (other.tunnel === 0) ? one.ifindex < other.ifindex : isPlain;
}

export function chooseEnds(connection: Connection, around: Surroundings): Ends {
  const sourceSide = connection.initiator;
  const source = behind(connection, sourceSide, around);
  const destination = behind(connection, sourceSide === 0 ? 1 : 0, around);
  const isFromNode = around.isNodeAddress(connection.addresses[sourceSide]);

  if (source.local) {
    return { reporter: 'source', counted: source.at, peer: destination.local ? destination.at : undefined };
  }
  if (destination.local) {
    // The node's own stack has no interface of its own: what entered the pod is what the node sent.
    return { reporter: isFromNode ? 'source' : 'destination', counted: destination.at, peer: undefined };
  }
  if (isFromNode) return { reporter: 'source', counted: destination.at ?? source.at, peer: undefined };
  if (around.isNodeAddress(connection.addresses[sourceSide === 0 ? 1 : 0])) {
    return { reporter: 'destination', counted: source.at ?? destination.at, peer: undefined };
  }
  // Forwarded between two interfaces that are no pods: a router or a host of virtual machines.
  if (source.at !== undefined && destination.at !== undefined) {
    return { reporter: 'source', counted: source.at, peer: destination.at };
  }
  if (source.at !== undefined) return { reporter: 'destination', counted: source.at, peer: undefined };
  return { reporter: 'source', counted: destination.at ?? connection.sightings[0], peer: undefined };
}
