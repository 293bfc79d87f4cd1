/** The colours of edges as the theme resolves them. */
import type { Change } from '../compare/change-marks.ts';
import type { EdgePalette } from './draw-edges.ts';
import type { EdgeState } from './edge-facts.ts';

/** In this order do the elements stand that wear the colours: states, states dimmed, then calm, mark, paper, and changes. */
export const states: readonly EdgeState[] = ['plain', 'warm', 'marked', 'dropped'];
export const changes: readonly Change[] = ['new', 'gone', 'changed'];

/** A canvas knows no custom properties: the colours are read from elements that wear them. */
export function paletteOf(tones: HTMLElement): EdgePalette {
  const colours = [...tones.children].map((element) => getComputedStyle(element).color);
  const colour = (at: number): string => colours[at] ?? 'currentColor';
  const byState = (first: number): Record<EdgeState, string> => ({
    plain: colour(first),
    warm: colour(first + 1),
    marked: colour(first + 2),
    dropped: colour(first + 3),
  });
  return {
    tone: byState(0),
    dimmed: byState(4),
    calm: colour(8),
    mark: colour(9),
    paper: colour(10),
    change: { new: colour(11), gone: colour(12), changed: colour(13) },
  };
}
