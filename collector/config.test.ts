import { describe, expect, it } from 'vitest';
import { readSettings, redactionOf } from './config.ts';

const store = { CLICKHOUSE_URL: 'http://127.0.0.1:8123/palomar' };

function redaction(env: Readonly<Record<string, string>>): object | string {
  const read = readSettings({ ...store, ...env });
  return read.ok ? redactionOf(read.value) : read.error;
}

describe('the settings of redaction', () => {
  it('cut user info and replace the values of well-known parameters when nothing is set', () => {
    expect(redaction({})).toMatchObject({ urlQuery: false, userInfo: true, paths: [] });
    expect(redaction({})).toHaveProperty('queryParameters', expect.arrayContaining(['password', 'token']));
  });

  it('take lists with commas, and words for yes and no', () => {
    const env = {
      PALOMAR_REDACT_URL_QUERY: 'on',
      PALOMAR_REDACT_USER_INFO: 'false',
      PALOMAR_REDACT_QUERY_PARAMETERS: 'pin, Session',
      PALOMAR_REDACT_PATHS: '/reset/*,/users/*/cards',
    };
    expect(redaction(env)).toEqual({
      urlQuery: true,
      userInfo: false,
      queryParameters: ['pin', 'Session'],
      paths: ['/reset/*', '/users/*/cards'],
    });
  });

  it.each([
    [{ PALOMAR_REDACT_URL_QUERY: 'perhaps' }, 'PALOMAR_REDACT_URL_QUERY'],
    [{ PALOMAR_REDACT_PATHS: 'reset/*' }, 'PALOMAR_REDACT_PATHS: every path must start with /'],
  ])('refuse %j by name', (env, error) => {
    expect(redaction(env)).toContain(error);
  });
});
