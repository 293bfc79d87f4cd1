/** Shortens a name in its middle: what tells names apart is at both ends. */
export function truncateMiddle(text: string, most: number): string {
  if (text.length <= most) return text;
  const kept = most - 1;
  const head = Math.ceil(kept * 0.55);
  return `${text.slice(0, head)}…${text.slice(text.length - (kept - head))}`;
}
