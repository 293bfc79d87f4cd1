/** Which pod had an address when: addresses are given to new pods while flows of the old one are still to be written. */
import type { AddressKey } from '../decode/address.ts';

export interface Tenants {
  moveIn(pod: string, addresses: readonly AddressKey[], sinceMs: number): void;
  moveOut(pod: string, addresses: readonly AddressKey[], untilMs: number): void;
  forget(pod: string, addresses: readonly AddressKey[]): void;
  /** The latest who had moved in by then; before anyone had, the first to come. */
  at(address: AddressKey, atMs: number): string | undefined;
  latest(address: AddressKey): string | undefined;
}

interface Tenure {
  readonly pod: string;
  readonly sinceMs: number;
  untilMs: number;
}

const tenuresKept = 4;

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
      if (list === undefined) return undefined;
      for (let i = list.length - 1; i >= 0; i -= 1) {
        const tenure = list[i];
        if (tenure === undefined) continue;
        // The API tells of a new pod's address after its first packets: the previous tenant's leaving decides.
        const before = list[i - 1];
        if (atMs >= tenure.sinceMs || before === undefined || atMs > before.untilMs) return tenure.pod;
      }
      return undefined;
    },
    latest: (address) => tenures.get(address)?.at(-1)?.pod,
  };
}
