import fc from 'fast-check';
import { expect, test } from 'vitest';

import { truncateMiddle } from './truncate.ts';

test('a name that fits stays', () => {
  expect(truncateMiddle('payment.stripe.com', 17)).toBe('payment.stripe.com');
});

test('a longer one keeps both ends', () => {
  const shown = truncateMiddle('recommendation-service-canary', 17);
  expect(shown).toMatch(/^recomm.*….*canary$/);
});

test('it never grows, and says that it left something out', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const shown = truncateMiddle(text, 12);
      expect(shown === text || (shown.includes('…') && shown.length <= text.length + 1)).toBe(true);
    }),
  );
});
