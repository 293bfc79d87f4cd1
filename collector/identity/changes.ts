/**
 * Tells whether an answer that was given still holds: counts what was learned since, for every address, for one address,
 * and for one port. Holders of an answer compare numbers instead of asking again.
 */
import type { AddressKey } from '../decode/address.ts';

/** What was learned of one address. An object, so that who holds it need not look it up. */
export interface Stamp {
  readonly version: number;
}

export interface Changes {
  /** Raised with every change of any kind. */
  readonly version: number;
  /** Raised when an answer about any address may be another. */
  readonly everywhere: number;
  stampOf(address: AddressKey): Stamp;
  portVersion(port: number): number;
  changeEverywhere(): void;
  changeAt(address: AddressKey): void;
  changePort(port: number): void;
}

export function createChanges(limit = 262_144): Changes {
  const stamps = new Map<AddressKey, { version: number }>();
  const ports = new Uint32Array(65_536);
  let version = 0;
  let everywhere = 0;

  const forgetOldest = (): void => {
    const [oldest] = stamps;
    if (oldest === undefined) return;
    // Whoever holds this stamp would not hear of changes any more, and asks again instead.
    oldest[1].version += 1;
    stamps.delete(oldest[0]);
  };

  return {
    get version() {
      return version;
    },
    get everywhere() {
      return everywhere;
    },
    stampOf(address) {
      const known = stamps.get(address);
      if (known !== undefined) return known;
      if (stamps.size >= limit) forgetOldest();
      const stamp = { version: 0 };
      stamps.set(address, stamp);
      return stamp;
    },
    portVersion: (port) => ports[port] ?? 0,
    changeEverywhere() {
      version += 1;
      everywhere += 1;
    },
    changeAt(address) {
      version += 1;
      const stamp = stamps.get(address);
      if (stamp !== undefined) stamp.version += 1;
    },
    changePort(port) {
      version += 1;
      ports[port] = (ports[port] ?? 0) + 1;
    },
  };
}
