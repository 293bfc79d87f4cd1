/**
 * Who talks to whom as a matrix: a row per source, a column per destination, kept together by namespace. When there are
 * more than can be read, those with drops and the busiest stay.
 */
import { bytesOf } from './edge-facts.ts';
import { findEdges, sortEdges, spokenName } from './edge-rows.ts';
import type { Picture, PictureEdge } from './picture.ts';

export const mostAcross = 60;

export interface Matrix {
  readonly sources: readonly string[];
  readonly destinations: readonly string[];
  readonly cells: ReadonlyMap<string, PictureEdge>;
  /** Edges found that have no cell. */
  readonly left: number;
}

export const cellKey = (source: string, destination: string): string => `${source}>${destination}`;

export function matrixOf(picture: Picture, typed: string): Matrix {
  const sources = new Set<string>();
  const destinations = new Set<string>();
  const cells = new Map<string, PictureEdge>();
  const found = sortEdges(findEdges(picture, typed), 'worst');
  for (const { item } of found) {
    const { source, destination } = item.edge;
    if (!hasRoom(sources, source) || !hasRoom(destinations, destination)) continue;
    sources.add(source);
    destinations.add(destination);
    cells.set(cellKey(source, destination), item);
  }
  return { sources: byName(sources), destinations: byName(destinations), cells, left: found.length - cells.size };
}

const hasRoom = (known: ReadonlySet<string>, id: string): boolean => known.has(id) || known.size < mostAcross;

/** What stands outside comes last, as on the map. */
function byName(ids: ReadonlySet<string>): readonly string[] {
  const isNamed = (id: string): number => Number(spokenName(id).includes('/'));
  return [...ids].sort((a, b) => isNamed(b) - isNamed(a) || spokenName(a).localeCompare(spokenName(b)));
}

/** How dark a cell is, 1 to 5: by tens of bytes a second. */
export function shadeOf({ edge }: PictureEdge, seconds: number): number {
  const rate = bytesOf(edge) / Math.max(1, seconds);
  return Math.max(1, Math.min(5, Math.ceil(Math.log10(rate + 1) - 1)));
}
