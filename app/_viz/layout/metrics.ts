/** The sizes the layout works with, in map units: one unit is one CSS pixel at zoom 1. */
export interface Metrics {
  readonly cardWidth: number;
  readonly cardHeight: number;
  readonly columnGap: number;
  readonly rowGap: number;
  readonly boxPadding: number;
  readonly boxTitle: number;
  readonly boxGap: number;
}

export const metrics: Metrics = {
  cardWidth: 168,
  cardHeight: 48,
  columnGap: 120,
  rowGap: 28,
  boxPadding: 16,
  boxTitle: 24,
  boxGap: 32,
};

export const rowStep = (m: Metrics): number => m.cardHeight + m.rowGap;
export const columnX = (m: Metrics, column: number): number => column * (m.cardWidth + m.columnGap);

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export function overlaps(a: Rect, b: Rect, gap = 0): boolean {
  return (
    a.x < b.x + b.width + gap && b.x < a.x + a.width + gap && a.y < b.y + b.height + gap && b.y < a.y + a.height + gap
  );
}

/** The box around these cards, with room for its title. */
export function boxAround(m: Metrics, cards: readonly Rect[]): Rect {
  const left = Math.min(...cards.map((card) => card.x));
  const top = Math.min(...cards.map((card) => card.y));
  const right = Math.max(...cards.map((card) => card.x + card.width));
  const bottom = Math.max(...cards.map((card) => card.y + card.height));
  return {
    x: left - m.boxPadding,
    y: top - m.boxPadding - m.boxTitle,
    width: right - left + 2 * m.boxPadding,
    height: bottom - top + 2 * m.boxPadding + m.boxTitle,
  };
}
