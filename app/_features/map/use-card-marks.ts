/**
 * Marks cards by attributes of their elements: `data-lit` for what is pointed at and its neighbours, `data-kept` for those
 * of the selection while `data-choosing` on all of them dims the rest. React draws none of the 300 cards again for it.
 */
'use client';

import { useEffect, type RefObject } from 'react';

import { neighbourhood, type Neighbourhood } from './neighbourhood.ts';
import type { Picture } from './picture.ts';
import type { Pointing } from './pointing.ts';

interface CardMarks {
  readonly cards: RefObject<HTMLElement | null>;
  readonly picture: Picture;
  readonly pointing: Pointing;
  readonly kept: Neighbourhood | null;
  /** Changes whenever other cards may be there. */
  readonly drawn: unknown;
}

export function useCardMarks({ cards, picture, pointing, kept, drawn }: CardMarks): void {
  useEffect(() => {
    const all = cards.current;
    if (all === null) return;
    all.toggleAttribute('data-choosing', kept !== null);
    for (const [id, card] of cardsById(all)) card.toggleAttribute('data-kept', kept?.nodes.has(id) === true);
  }, [cards, kept, drawn]);

  useEffect(() => {
    const all = cards.current;
    if (all === null) return;
    const byId = cardsById(all);
    let lit: readonly HTMLElement[] = [];
    const show = (): void => {
      for (const card of lit) card.removeAttribute('data-lit');
      const near = neighbourhood(pointing.now(), picture);
      lit = [...(near?.nodes ?? [])].flatMap((id) => byId.get(id) ?? []);
      for (const card of lit) card.setAttribute('data-lit', '');
    };
    show();
    const stop = pointing.listen(show);
    return () => {
      stop();
      for (const card of lit) card.removeAttribute('data-lit');
    };
  }, [cards, picture, pointing, drawn]);
}

function cardsById(all: HTMLElement): ReadonlyMap<string, HTMLElement> {
  const byId = new Map<string, HTMLElement>();
  for (const card of all.querySelectorAll<HTMLElement>('[data-card]')) byId.set(card.dataset['card'] ?? '', card);
  return byId;
}
