/**
 * Shortens a name in its middle: what tells names apart is at both ends. `most` counts middling letters; the measure is
 * good enough for proportional type and needs no canvas.
 */
export function truncateMiddle(text: string, most: number): string {
  const letters = Array.from(text);
  if (widthOf(letters) <= most) return text;
  const room = most - widthOf(['…']);
  const head = fitting(letters, room * 0.55);
  const tail = fitting([...letters].reverse(), room - widthOf(head)).reverse();
  return `${head.join('')}…${tail.join('')}`;
}

function fitting(letters: readonly string[], room: number): string[] {
  const taken: string[] = [];
  let width = 0;
  for (const letter of letters) {
    width += letterWidth(letter);
    if (width > room) break;
    taken.push(letter);
  }
  return taken;
}

const widthOf = (letters: readonly string[]): number => letters.reduce((sum, letter) => sum + letterWidth(letter), 0);

/** In Inter, against the width of `a`. */
function letterWidth(letter: string): number {
  if (/[iljI.,:;'|!]/.test(letter)) return 0.5;
  if (/[ftr()/]/.test(letter)) return 0.7;
  if (/[mwMW@%…]/.test(letter)) return 1.45;
  return /[A-Z]/.test(letter) ? 1.2 : /[\d]/.test(letter) ? 1.08 : letter === '-' ? 0.85 : 1;
}
