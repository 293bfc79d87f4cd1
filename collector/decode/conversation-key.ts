/**
 * The key of a conversation as a string, for what is looked up too seldom to deserve a table of its own: both ends,
 * protocol and family of struct flow_key, without interface and tunnel.
 */
import type { AddressKey } from './address.ts';
import { flowKey } from './wire.ts';

export type ConversationKey = string;

export interface Socket {
  readonly address: AddressKey;
  readonly port: number;
}

const keyBytes = flowKey.family + 1;

export function conversationKey(bytes: Buffer, offset: number): ConversationKey {
  return bytes.toString('latin1', offset, offset + keyBytes);
}

function isBelow(left: Socket, right: Socket): boolean {
  return left.address === right.address ? left.port < right.port : left.address < right.address;
}

/** struct flow_key of the conversation of two ends, the lower one first. */
export function flowKeyOf(one: Socket, other: Socket, protocol: number, family: number): Buffer {
  const [a, b] = isBelow(one, other) ? [one, other] : [other, one];
  const key = Buffer.alloc(flowKey.size);
  key.write(a.address, flowKey.addr_a, 'latin1');
  key.write(b.address, flowKey.addr_b, 'latin1');
  key.writeUInt16LE(a.port, flowKey.port_a);
  key.writeUInt16LE(b.port, flowKey.port_b);
  key[flowKey.protocol] = protocol;
  key[flowKey.family] = family;
  return key;
}
