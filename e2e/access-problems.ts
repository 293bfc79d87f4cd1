/** What axe finds on a page, in the light and in the dark theme, as sentences. */
import AxeBuilder from '@axe-core/playwright';
import type { Page } from 'playwright-core';

export async function accessProblems(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const scheme of ['light', 'dark'] as const) {
    // Without motion the colours change at once, and it is settled colours that are looked at.
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    const { violations } = await new AxeBuilder({ page }).analyze();
    for (const { id, nodes } of violations) {
      for (const { target, failureSummary } of nodes) {
        found.push(`${scheme} ${id} ${target.join(' ')}: ${failureSummary ?? ''}`);
      }
    }
  }
  return found;
}
