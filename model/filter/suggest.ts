/** The known word nearest to a mistyped one, by edit distance with transpositions. */

function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? a.length;
}

/** Null when nothing is near: more than a third of the letters, and at least two, would have to change. */
export function nearest(word: string, known: readonly string[]): string | null {
  const wanted = word.slice(0, 64).toLowerCase();
  const allowed = Math.max(1, Math.floor(wanted.length / 3));
  const scored = known.map((k) => ({ k, cost: distance(wanted, k.toLowerCase()) })).sort((a, b) => a.cost - b.cost);
  const best = scored[0];
  if (best !== undefined && best.cost <= allowed) return best.k;
  return (wanted.length >= 3 ? known.find((k) => k.startsWith(wanted)) : undefined) ?? null;
}
