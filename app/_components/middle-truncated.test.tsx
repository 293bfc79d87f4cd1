// @vitest-environment jsdom
import { cleanup, render } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';

import { MiddleTruncated } from './middle-truncated.tsx';

afterEach(cleanup);

test.each(['api', 'payment.stripe.com', 'recommendation service'])('%s is whole to whoever reads it', (name) => {
  expect(render(<MiddleTruncated text={name} />).container.textContent).toBe(name);
});

test('only the part before the end gives way', () => {
  const { container } = render(<MiddleTruncated text="recommendation-canary" />);
  expect(container.querySelector('.truncate')?.textContent).toBe('recommendation-');
  expect(container.querySelector('.shrink-0')?.textContent).toBe('canary');
});
