/** Where the reader put cards, per grouping, kept in this browser: a place is a column and a height of the map. */
'use client';

import { useMemo } from 'react';
import { z } from 'zod';

import type { Grouping } from '../../../model/api.ts';
import { useStored } from '../../_components/stored.ts';
import type { Place } from '../../_viz/layout/keep-places.ts';

export type Pins = ReadonlyMap<string, Place>;

const column = z.number().int().min(0).max(60);
const height = z.number().min(-100_000).max(100_000);
const pinsSchema = z.array(z.tuple([z.string(), column, height]));

/** As many as a map has cards. */
export const mostPins = 300;

/** What was written by hand, or by another version, is as good as nothing. */
export function parsePins(text: string): Pins {
  const json = z.string().transform((value, context) => {
    try {
      return JSON.parse(value) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: 'no JSON' });
      return z.NEVER;
    }
  });
  const parsed = json.pipe(pinsSchema).safeParse(text);
  return new Map((parsed.success ? parsed.data : []).map(([id, column, y]) => [id, { column, y }]));
}

export const printPins = (pins: Pins): string =>
  JSON.stringify([...pins].map(([id, { column, y }]) => [id, column, Math.round(y)]));

/** The newest stay when there are too many. */
export function withPin(pins: Pins, id: string, place: Place): Pins {
  const others = [...pins].filter(([known]) => known !== id);
  return new Map([...others, [id, place] as const].slice(-mostPins));
}

export interface PinnedCards {
  readonly pins: Pins;
  readonly pin: (id: string, place: Place) => void;
  readonly unpinAll: () => void;
}

export function usePins(grouping: Grouping): PinnedCards {
  const [stored, store] = useStored(`pins.${grouping}`, '');
  return useMemo(() => {
    const pins = parsePins(stored);
    return {
      pins,
      pin: (id: string, place: Place) => store(printPins(withPin(pins, id, place))),
      unpinAll: () => store(''),
    };
  }, [stored, store]);
}
