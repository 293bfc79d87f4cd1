import { describe, expect, test } from 'vitest';

import { parseFilter } from '../../../model/filter/parse.ts';
import { complete, wantedValue } from './complete.ts';

const values = (field: string): readonly string[] => (field === 'ns' ? ['production', 'kube-system', 'my space'] : []);
const offered = (text: string, cursor = text.length): string[] =>
  complete(text, cursor, values).options.map((option) => option.insert);

describe('complete', () => {
  test.each([
    ['a field by its first letters', 'verd', 'verdict:'],
    ['a field by what it means', 'systemd', 'unit:'],
    ['a field of one end', 'to.po', 'to.pod:'],
    ['a word of the field', 'verdict:dr', 'verdict:dropped'],
    ['a value from the page', 'ns:prod', 'ns:production'],
    ['a value by its alias', 'namespace:kube', 'namespace:kube-system'],
    ['a value with a space in quotes', 'ns:"my', 'ns:"my space"'],
    ['inside brackets', '(verdict:dropped or ns:prod', 'ns:production'],
  ])('offers %s', (_, text, first) => {
    expect(offered(text)[0]).toBe(first);
  });

  test('offers nothing for a value that is complete, or for a field there is not', () => {
    expect(offered('ns:production')).toEqual([]);
    expect(offered('nothing:pro')).toEqual([]);
  });

  test('completes at the cursor, not at the end', () => {
    expect(complete('ver ns:production', 3, values)).toMatchObject({ start: 0 });
    expect(offered('ver ns:production', 3)[0]).toBe('verdict:');
  });

  test('offers only what parses', () => {
    for (const text of ['verdict:', 'protocol:', 'connect:', 'ns:', 'encrypted:'].flatMap((start) => offered(start))) {
      expect(parseFilter(text), text).toMatchObject({ ok: true });
    }
  });
});

describe('the value that is wanted', () => {
  test.each([
    ['ns:pro', { field: 'ns', typed: 'pro' }],
    ['verdict:dropped from.namespace:"my sh', { field: 'ns', typed: 'my sh' }],
    ['verdict:dr', null],
    ['nothing:x', null],
    ['ns', null],
  ])('of %s is %j', (text, wanted) => {
    expect(wantedValue(text, text.length)).toEqual(wanted);
  });
});
