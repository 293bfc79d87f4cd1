/** What keeps a page from being read, as sentences: cards over cards, text cut off for good, controls under other things, a page wider than its window. */
import type { Page } from 'playwright-core';

/** Where each card of the map stands, in whole pixels of the window. */
export const cardPlaces = (page: Page): Promise<Record<string, string>> =>
  page.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll<HTMLElement>('[data-card]')].map((card) => {
        const { x, y } = card.getBoundingClientRect();
        return [card.dataset['card'] ?? '', `${Math.round(x)}, ${Math.round(y)}`];
      }),
    ),
  );

export async function legibilityProblems(page: Page): Promise<string[]> {
  const found = await Promise.all([overlappingCards(page), cutTexts(page), coveredControls(page), width(page)]);
  return found.flat();
}

const overlappingCards = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const cards = [...document.querySelectorAll<HTMLElement>('[data-card]')].map((card) => ({
      id: card.dataset['card'] ?? '',
      rect: card.getBoundingClientRect(),
    }));
    return cards.flatMap((a, at) =>
      cards
        .slice(at + 1)
        .filter(
          (b) =>
            Math.min(a.rect.right, b.rect.right) - Math.max(a.rect.left, b.rect.left) > 0.5 &&
            Math.min(a.rect.bottom, b.rect.bottom) - Math.max(a.rect.top, b.rect.top) > 0.5,
        )
        .map((b) => `card ${a.id} lies over card ${b.id}`),
    );
  });

/** Text that something clips, with no title or name around it that says all of it. What scrolls can be read. */
const cutTexts = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const hides = (element: Element): boolean => /^(hidden|clip)$/.test(getComputedStyle(element).overflowX);
    const scrolls = (element: Element): boolean => /^(auto|scroll)$/.test(getComputedStyle(element).overflowX);
    /** For screen readers alone. */
    const isUnseen = (element: Element): boolean => {
      const { width, height } = element.getBoundingClientRect();
      return hides(element) && width <= 1 && height <= 1;
    };
    const isCutBy = (text: DOMRect, from: Element): boolean => {
      for (let at: Element | null = from; at !== null; at = at.parentElement) {
        // The map is moved by hand, and what scrolls shows the rest.
        if (at.getAttribute('role') === 'application' || scrolls(at)) return false;
        const { left, right } = at.getBoundingClientRect();
        if (hides(at) && (text.right > right + 1 || text.left < left - 1)) return true;
      }
      return false;
    };
    const isSaid = (text: string, from: Element): boolean => {
      for (let at: Element | null = from; at !== null; at = at.parentElement) {
        const names = [at.getAttribute('title'), at.getAttribute('aria-label')];
        if (names.some((name) => name?.includes(text) === true)) return true;
      }
      return false;
    };
    const found: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const [text, parent] = [node.textContent?.trim() ?? '', node.parentElement];
      if (text === '' || parent === null || !parent.checkVisibility({ opacityProperty: true })) continue;
      let at: Element | null = parent;
      while (at !== null && !isUnseen(at)) at = at.parentElement;
      if (at !== null) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      if (isCutBy(range.getBoundingClientRect(), parent) && !isSaid(text, parent)) found.push(`"${text}" is cut`);
    }
    return [...new Set(found)];
  });

/** Outside of the map, whose cards may leave the window. */
const coveredControls = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('button, a[href], input, select')].flatMap((control) => {
      if (control.closest('[role=application]') !== null || !control.checkVisibility()) return [];
      const { left, top, width, height } = control.getBoundingClientRect();
      const [x, y] = [left + width / 2, top + height / 2];
      const top1 = document.elementFromPoint(x, y);
      const isShown = width > 1 && height > 1 && y < innerHeight && x < innerWidth && top1 !== null;
      let scroller = control.parentElement;
      while (scroller !== null && !/^(auto|scroll)$/.test(getComputedStyle(scroller).overflowY)) {
        scroller = scroller.parentElement;
      }
      const view = scroller?.getBoundingClientRect();
      const isScrolledAway = view !== undefined && (y < view.top || y > view.bottom || x < view.left || x > view.right);
      if (!isShown || isScrolledAway || control.contains(top1) || top1.contains(control)) return [];
      const name = control.getAttribute('aria-label') ?? control.textContent.trim();
      return [`"${name}" lies under ${top1.outerHTML.slice(0, 120)}`];
    }),
  );

const width = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth > clientWidth ? [`the page is ${scrollWidth} px wide in a window of ${clientWidth}`] : [];
  });
