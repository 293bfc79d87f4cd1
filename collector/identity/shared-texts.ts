/** Makes equal texts, label lists and owners one object: ten thousand pods have a few hundred of them. */

export interface Owner {
  readonly kind: string;
  readonly name: string;
}

export interface Shared {
  text(value: string): string;
  /** A record as a sorted list of pairs. */
  pairs(record: Readonly<Record<string, string>>): readonly (readonly [string, string])[];
  owner(kind: string, name: string): Owner;
}

/** Past `limit` sharing begins anew; what was shared before stays as it is. */
export function createShared(limit = 65_536): Shared {
  const texts = new Map<string, string>();
  const lists = new Map<string, readonly (readonly [string, string])[]>();
  const owners = new Map<string, Owner>();

  function sharedIn<T>(known: Map<string, T>, key: string, make: () => T): T {
    const found = known.get(key);
    if (found !== undefined) return found;
    if (known.size >= limit) known.clear();
    const made = make();
    known.set(key, made);
    return made;
  }

  const text = (value: string): string => sharedIn(texts, value, () => value);
  return {
    text,
    pairs(record) {
      const sorted = Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
      const key = sorted.map((pair) => pair.join('=')).join('\n');
      return sharedIn(lists, key, () => sorted.map(([name, value]) => [text(name), text(value)] as const));
    },
    owner: (kind, name) => sharedIn(owners, `${kind}/${name}`, () => ({ kind: text(kind), name })),
  };
}
