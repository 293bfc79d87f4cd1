/** How the map's data is shown: drawn, as a ranked list, or as a matrix of who talks to whom. In the URL as `as`. */
'use client';

import { parseAsStringLiteral, useQueryState } from 'nuqs';

export const mapShapes = ['map', 'list', 'matrix'] as const;
export type MapShape = (typeof mapShapes)[number];

export function useMapShape(): readonly [MapShape, (shape: MapShape) => void] {
  const [shape, set] = useQueryState(
    'as',
    parseAsStringLiteral(mapShapes).withDefault('map').withOptions({ history: 'push' }),
  );
  return [shape, (next) => void set(next)];
}
