/** Which pod had an address when: addresses are given to new pods while flows of the old one are still to be written. */
import type { AddressKey } from '../decode/address.ts';

export interface Window {
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** Who had the address, and from when, and before when, the answer is the same if nothing is learned. */
export interface Tenancy<Tenant> extends Window {
  readonly tenant: Tenant | undefined;
}

export interface Tenants<Tenant> {
  readonly size: number;
  moveIn(tenant: Tenant, address: AddressKey, sinceMs: number): void;
  moveOut(tenant: Tenant, address: AddressKey, untilMs: number): void;
  forget(tenant: Tenant, address: AddressKey): void;
  /**
   * The latest who had moved in by then; before anyone had, the first to come. An address stands for who left it for
   * `lingerMs`, unless another moves in.
   */
  at(address: AddressKey, atMs: number): Tenancy<Tenant>;
  latest(address: AddressKey): Tenant | undefined;
}

interface Tenure<Tenant> {
  readonly tenant: Tenant;
  readonly sinceMs: number;
  untilMs: number;
}

const tenuresKept = 8;
const nobody: Tenancy<never> = { tenant: undefined, sinceMs: -Infinity, untilMs: Infinity };

/** The API tells of a new pod's address after its first packets: the previous tenant's leaving decides. */
function beginOf(list: readonly Tenure<unknown>[], index: number): number {
  const before = list[index - 1];
  return before === undefined ? -Infinity : Math.min(list[index]?.sinceMs ?? Infinity, before.untilMs);
}

export function createTenants<Tenant>(lingerMs: number): Tenants<Tenant> {
  const tenures = new Map<AddressKey, Tenure<Tenant>[]>();

  const endOf = (list: readonly Tenure<Tenant>[], index: number): number =>
    index + 1 < list.length ? beginOf(list, index + 1) : (list[index]?.untilMs ?? Infinity) + lingerMs;

  return {
    get size() {
      return tenures.size;
    },
    moveIn(tenant, address, sinceMs) {
      const list = tenures.get(address) ?? [];
      const last = list.at(-1);
      if (last?.tenant === tenant) {
        last.untilMs = Infinity;
        return;
      }
      // Told late, and yet not before the one that was there moved in.
      const begin = Math.max(sinceMs, last?.sinceMs ?? -Infinity);
      if (last !== undefined) last.untilMs = Math.min(last.untilMs, begin);
      list.push({ tenant, sinceMs: begin, untilMs: Infinity });
      if (list.length > tenuresKept) list.shift();
      tenures.set(address, list);
    },
    moveOut(tenant, address, untilMs) {
      const tenure = tenures.get(address)?.findLast((other) => other.tenant === tenant);
      if (tenure?.untilMs === Infinity) tenure.untilMs = Math.max(untilMs, tenure.sinceMs);
    },
    forget(tenant, address) {
      const left = (tenures.get(address) ?? []).filter((tenure) => tenure.tenant !== tenant);
      if (left.length === 0) tenures.delete(address);
      else tenures.set(address, left);
    },
    at(address, atMs) {
      const list = tenures.get(address);
      if (list === undefined) return nobody;
      let index = list.length - 1;
      while (index > 0 && atMs < beginOf(list, index)) index -= 1;
      const untilMs = endOf(list, index);
      if (atMs >= untilMs) return { tenant: undefined, sinceMs: untilMs, untilMs: Infinity };
      return { tenant: list[index]?.tenant, sinceMs: beginOf(list, index), untilMs };
    },
    latest: (address) => tenures.get(address)?.at(-1)?.tenant,
  };
}
