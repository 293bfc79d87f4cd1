/** What is measured inside of a page: when its first map stood, how long it was busy, what a click took, and its frames. */
import type { Page } from 'playwright-core';

interface Seen {
  firstMapMs: number | null;
  longTasks: { startMs: number; ms: number }[];
  /** Of each click or key, from the hand to the next paint; the browser rounds to 8 ms. */
  interactions: Record<number, number>;
}

declare global {
  interface Window {
    seenByBench: Seen;
  }
}

export interface Frames {
  readonly perSecond: number;
  readonly worstMs: number;
}

/** Before the page loads. */
export async function installProbes(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const seen: Seen = { firstMapMs: null, longTasks: [], interactions: {} };
    window.seenByBench = seen;
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries())
        seen.longTasks.push({ startMs: startTime, ms: duration });
    }).observe({ type: 'longtask', buffered: true });
    new PerformanceObserver((list) => {
      for (const { interactionId, duration } of list.getEntries() as PerformanceEventTiming[]) {
        if (interactionId > 0) {
          seen.interactions[interactionId] = Math.max(seen.interactions[interactionId] ?? 0, duration);
        }
      }
    }).observe({ type: 'event', buffered: true, durationThreshold: 16 } as PerformanceObserverInit);
    const changes = new MutationObserver(() => {
      if (document.querySelector('[data-card]') === null) return;
      changes.disconnect();
      // Two frames later what was put into the document is on the screen.
      requestAnimationFrame(() => requestAnimationFrame(() => (seen.firstMapMs = performance.now())));
    });
    changes.observe(document, { childList: true, subtree: true });
  });
}

export async function firstMapMs(page: Page): Promise<number> {
  const handle = await page.waitForFunction(() => window.seenByBench.firstMapMs, undefined, { timeout: 60_000 });
  return (await handle.jsonValue()) ?? NaN;
}

export async function firstPaintMs(page: Page): Promise<number> {
  const handle = await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime);
  return (await handle.jsonValue()) ?? NaN;
}

export const now = (page: Page): Promise<number> => page.evaluate(() => performance.now());

/** Tasks above 200 ms that began after this. */
export const longTasksAfter = (page: Page, startMs: number): Promise<number> =>
  page.evaluate(
    (since) => window.seenByBench.longTasks.filter(({ startMs, ms }) => startMs >= since && ms > 200).length,
    startMs,
  );

/** A click faster than the browser reports (16 ms) is not among them. */
export const interactions = (page: Page): Promise<number[]> =>
  page.evaluate(() => Object.values(window.seenByBench.interactions));

/** Frames per second while `act` runs, and the longest time between two. */
export async function countFrames(page: Page, act: () => Promise<void>): Promise<Frames> {
  const counting = page.evaluate(
    () =>
      new Promise<Frames>((resolve) => {
        const at: number[] = [];
        const frame = (time: number): void => {
          at.push(time);
          if (document.documentElement.dataset['benchDone'] === undefined) {
            requestAnimationFrame(frame);
            return;
          }
          delete document.documentElement.dataset['benchDone'];
          const gaps = at.slice(1).map((next, index) => next - (at[index] ?? next));
          const lasted = (at.at(-1) ?? 0) - (at[0] ?? 0);
          resolve({ perSecond: (1000 * gaps.length) / lasted, worstMs: Math.max(...gaps) });
        };
        requestAnimationFrame(frame);
      }),
  );
  await act();
  await page.evaluate(() => (document.documentElement.dataset['benchDone'] = ''));
  return counting;
}
