import { expect, test } from 'vitest';

import { commandOf } from './shortcuts.ts';

test.each([
  ['/', null, 'filter'],
  ['m', 'g', 'map'],
  ['f', 'g', 'flows'],
  ['d', 'g', 'drops'],
  ['s', 'g', 'status'],
  ['h', 'g', 'http'],
  ['n', 'g', 'dns'],
  ['e', 'g', 'explore'],
  ['l', null, 'live'],
  ['[', null, 'earlier'],
  ['y', null, 'link'],
  ['m', null, null],
  ['x', 'g', null],
  // A pair that is none still means what its last key means.
  ['l', 'g', 'live'],
] as const)('%s after %s means %s', (key, before, command) => {
  expect(commandOf(key, before)).toBe(command);
});
