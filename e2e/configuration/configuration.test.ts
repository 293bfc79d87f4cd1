import { describe, expect, it } from 'vitest';
import { renderConfiguration } from './render.ts';

describe('the page of settings', () => {
  // Written anew with: npx vitest run --project unit e2e/configuration -u
  it('says what the schemas say', async () => {
    await expect(renderConfiguration()).toMatchFileSnapshot('../../docs/configuration.md');
  });

  it('has every setting of every process with a sentence', () => {
    const page = renderConfiguration();
    for (const name of ['PALOMAR_SPILL_MAX_MIB', 'PALOMAR_RETENTION_RAW_DAYS', 'PALOMAR_STORE_LISTEN']) {
      expect(page).toMatch(new RegExp(`\\| \`${name}\` \\| .* \\| \\w.* \\|`));
    }
  });
});
