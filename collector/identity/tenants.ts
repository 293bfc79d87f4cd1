/** Which pod had an address when: addresses are given to new pods while flows of the old one are still to be written. */
import type { AddressKey } from '../decode/address.ts';

export interface Tenants {
  moveIn(pod: string, addresses: readonly AddressKey[], sinceMs: number): void;
  moveOut(pod: string, addresses: readonly AddressKey[], untilMs: number): void;
  forget(pod: string, addresses: readonly AddressKey[]): void;
  /** The latest who had moved in by then; before anyone had, the first to come. */
  at(address: AddressKey, atMs: number): string | undefined;
  /** From when, and before when, the answer is the same as at that moment, if nothing is learned. */
  steadyAround(address: AddressKey, atMs: number): Window;
  latest(address: AddressKey): string | undefined;
}

export interface Window {
  readonly sinceMs: number;
  readonly untilMs: number;
}

interface Tenure {
  readonly pod: string;
  readonly sinceMs: number;
  untilMs: number;
}

const tenuresKept = 4;

const always: Window = { sinceMs: -Infinity, untilMs: Infinity };

/** The API tells of a new pod's address after its first packets: the previous tenant's leaving decides. */
function beginOf(list: readonly Tenure[], index: number): number {
  const before = list[index - 1];
  return before === undefined ? -Infinity : Math.min(list[index]?.sinceMs ?? Infinity, before.untilMs);
}

/** The last to have begun by then; the first one had no beginning. */
function indexAt(list: readonly Tenure[], atMs: number): number {
  let index = list.length - 1;
  while (index > 0 && atMs < beginOf(list, index)) index -= 1;
  return index;
}

export function createTenants(): Tenants {
  const tenures = new Map<AddressKey, Tenure[]>();
  return {
    moveIn(pod, addresses, sinceMs) {
      for (const address of addresses) {
        const list = tenures.get(address) ?? [];
        const last = list.at(-1);
        if (last?.pod === pod) {
          last.untilMs = Infinity;
          continue;
        }
        if (last !== undefined) last.untilMs = Math.min(last.untilMs, sinceMs);
        list.push({ pod, sinceMs, untilMs: Infinity });
        tenures.set(address, list.slice(-tenuresKept));
      }
    },
    moveOut(pod, addresses, untilMs) {
      for (const address of addresses) {
        const tenure = tenures.get(address)?.findLast((other) => other.pod === pod);
        if (tenure?.untilMs === Infinity) tenure.untilMs = untilMs;
      }
    },
    forget(pod, addresses) {
      for (const address of addresses) {
        const left = (tenures.get(address) ?? []).filter((tenure) => tenure.pod !== pod);
        if (left.length === 0) tenures.delete(address);
        else tenures.set(address, left);
      }
    },
    at(address, atMs) {
      const list = tenures.get(address);
      return list?.[indexAt(list, atMs)]?.pod;
    },
    steadyAround(address, atMs) {
      const list = tenures.get(address);
      if (list === undefined) return always;
      const index = indexAt(list, atMs);
      return { sinceMs: beginOf(list, index), untilMs: index + 1 < list.length ? beginOf(list, index + 1) : Infinity };
    },
    latest: (address) => tenures.get(address)?.at(-1)?.pod,
  };
}
