import { expect, test } from 'vitest';

import { mostPins, parsePins, printPins, withPin } from './pins.ts';

test('pins are read as they were written', () => {
  const pins = new Map([['default/ns/Deployment/"odd"', { column: 3, y: -48 }]]);
  expect(parsePins(printPins(pins))).toEqual(pins);
});

test('what is not theirs is none', () => {
  for (const text of ['', '{', 'null', '[["a",-1,0]]', '[["a",1e9,0]]', '[["a",0]]'])
    expect(parsePins(text).size).toBe(0);
});

test('the newest stay when there are too many, and a card has one place', () => {
  let pins = parsePins('');
  for (let at = 0; at <= mostPins; at++) pins = withPin(pins, `n${at}`, { column: 0, y: at });
  expect(pins.size).toBe(mostPins);
  expect(pins.has('n0')).toBe(false);
  expect(withPin(pins, 'n1', { column: 5, y: 5 }).get('n1')).toEqual({ column: 5, y: 5 });
});
