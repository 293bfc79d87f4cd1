/**
 * The `uuid` of the lines that we write: RFC 9562, version 8, whose bits are ours to fill. It holds the flow's own id and which
 * of a flow's lines it is, and a digest by which a reader knows it from the uuids of others.
 */
import { createHash } from 'node:crypto';

/** An exchange that was answered is two lines, each of them a part. */
export const flowParts = ['whole', 'request', 'response'] as const;
export type FlowPart = (typeof flowParts)[number];

export interface FlowName {
  readonly cluster: string;
  readonly node: string;
  /** Of the flow, not of the line: that of an answer is later. */
  readonly ns: bigint;
  readonly id: bigint;
}

const digestBits = 56n;

function digestOf({ cluster, node, ns, id }: FlowName, part: FlowPart): bigint {
  const key = JSON.stringify([cluster, node, String(ns), String(id), part]);
  return BigInt(`0x${createHash('sha256').update(key).digest('hex').slice(0, 14)}`);
}

/** From the top: 48 bits of the id, the version, 12 bits of the id, the variant, 4 of the id, 2 for the part, the digest. */
export function flowUuid(flow: FlowName, part: FlowPart): string {
  const id = BigInt.asUintN(64, flow.id);
  const top = ((id >> 16n) << 16n) | 0x8000n | ((id >> 4n) & 0xfffn);
  const low = 0x80n | ((id & 0xfn) << 2n) | BigInt(flowParts.indexOf(part));
  const hex = ((top << 64n) | (low << digestBits) | digestOf(flow, part)).toString(16).padStart(32, '0');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

export interface OwnUuid {
  readonly id: bigint;
  readonly part: FlowPart;
  /** Whether the uuid is of the flow of this cluster, node and time. */
  isOf(of: Omit<FlowName, 'id'>): boolean;
}

/** Null when it cannot be one of ours. */
export function readFlowUuid(text: string): OwnUuid | null {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(text)) return null;
  const bits = BigInt(`0x${text.replaceAll('-', '')}`);
  const top = bits >> 64n;
  const low = (bits >> digestBits) & 0x3fn;
  const id = ((top >> 16n) << 16n) | ((top & 0xfffn) << 4n) | (low >> 2n);
  const part = flowParts[Number(low & 3n)];
  if (part === undefined) return null;
  const digest = BigInt.asUintN(Number(digestBits), bits);
  return { id, part, isOf: (of) => digestOf({ ...of, id }, part) === digest };
}
