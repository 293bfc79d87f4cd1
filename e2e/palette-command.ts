/** Runs a command of the palette by keys, once the palette takes them. */
import type { Page } from 'playwright-core';

export async function runPaletteCommand(page: Page, typed: string): Promise<void> {
  await page.keyboard.press('Control+k');
  const palette = page.getByRole('dialog', { name: 'Commands' });
  await palette.getByRole('combobox', { name: 'Command' }).and(page.locator(':focus')).waitFor();
  await page.keyboard.type(typed);
  await page.keyboard.press('Enter');
  await palette.waitFor({ state: 'detached' });
}
