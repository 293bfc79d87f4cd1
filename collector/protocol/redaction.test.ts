import { describe, expect, it } from 'vitest';
import { converse } from './converse.fixture.ts';
import { createEncoder, get, headers, settings } from './http2.fixture.ts';
import { preface } from './http2-frames.ts';
import { createRedaction, defaultRedaction, type RedactionConfig } from './redaction.ts';

const path = (text: string, config: Partial<RedactionConfig> = {}): string =>
  createRedaction({ ...defaultRedaction, ...config }).path(text);

describe('redaction', () => {
  it.each([
    ['/a', '/a'],
    ['/a?x=1&token=t0p&y', '/a?x=1&token=HUBBLE_REDACTED&y'],
    ['/a?TOKEN=t0p', '/a?TOKEN=HUBBLE_REDACTED'],
    ['/a?%74oken=t0p&%zz=1', '/a?%74oken=HUBBLE_REDACTED&%zz=1'],
    ['/a?tokens=1&token', '/a?tokens=1&token'],
    ['/a?password=a=b#token=c', '/a?password=HUBBLE_REDACTED#token=c'],
    ['joe:secret@api:443', 'api:443'],
    ['*', '*'],
  ])('of %s leaves %s by default', (given, left) => {
    expect(path(given)).toBe(left);
  });

  it.each([
    ['/a?x=1#y', '/a'],
    ['/a#y', '/a'],
    ['/a', '/a'],
  ])('of the query of %s leaves %s', (given, left) => {
    expect(path(given, { urlQuery: true })).toBe(left);
  });

  it.each([
    ['/users/joe/cards/4111/pay?x=1', '/users/HUBBLE_REDACTED/cards/HUBBLE_REDACTED/pay?x=1'],
    ['/users/joe', '/users/joe'],
    ['/reset/t0p', '/reset/HUBBLE_REDACTED'],
    ['/reset/', '/reset/'],
    ['/other/t0p', '/other/t0p'],
  ])('of paths that are like a pattern replaces what stands for a star: %s', (given, left) => {
    expect(path(given, { paths: ['/users/*/cards/*', '/reset/*'] })).toBe(left);
  });

  it('leaves user info where it is asked to', () => {
    expect(createRedaction({ ...defaultRedaction, userInfo: false }).authority('joe@api')).toBe('joe@api');
  });

  it('holds for every kind of HTTP', () => {
    const [one, two] = [converse(), converse()];
    one.say(0, 'GET http://joe:secret@api/a?token=secret HTTP/1.1\r\nCookie: secret\r\nAuthorization: secret\r\n\r\n');
    one.conversation.end();
    const fields = [...get('/a?token=secret', ['authorization', 'secret'], ['cookie', 'secret'])];
    fields[3] = [':authority', 'joe:secret@api'];
    two.say(0, Buffer.concat([preface, settings, headers(1, createEncoder().encode(fields), { isLast: true })]));
    two.conversation.end();
    for (const { exchanges } of [one, two]) {
      expect(exchanges).toMatchObject([{ host: 'api', path: '/a?token=HUBBLE_REDACTED' }]);
      expect(JSON.stringify(exchanges)).not.toContain('secret');
    }
  });
});
