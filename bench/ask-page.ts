/** A page of the console for one question at a time, and the same question several times. */
import type { Page } from 'playwright-core';

import { openBrowser } from '../e2e/browser.ts';
import { installProbes } from './page-probes.ts';

export type Ask = <T>(path: string, act: (page: Page) => Promise<T>) => Promise<T>;

/** Gives every question a browser of its own, as cold as a reader's who follows a link. */
export function askOf(url: string): Ask {
  return async (path, act) => {
    const browser = await openBrowser();
    try {
      const page = await browser.page();
      await installProbes(page);
      await page.goto(new URL(path, url).href);
      return await act(page);
    } finally {
      await browser.close();
    }
  };
}

export async function repeat<T>(rounds: number, act: () => Promise<T>): Promise<T[]> {
  const values: T[] = [];
  for (let round = 0; round < rounds; round += 1) values.push(await act());
  return values;
}
