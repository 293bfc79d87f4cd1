import { describe, expect, it } from 'vitest';
import { sessionSetup } from './session-setup.ts';

const setup = (parameters: Record<string, string>, isReadOnly = false): ReturnType<typeof sessionSetup> =>
  sessionSetup(new Map(Object.entries(parameters)), isReadOnly);

describe('sessionSetup', () => {
  it('sets database, settings and parameters, and read-only last', () => {
    const { prelude } = setup({ readonly: '1', database: 'p', max_threads: '2', param_x: "it's \\", query: 'q' });
    expect(prelude).toEqual([
      'USE `p`',
      "SET implicit_select = 0, max_threads = '2', param_x = 'it\\'s \\\\'",
      "SET readonly = '1'",
    ]);
  });

  it('keeps what a name could smuggle in out of the SQL', () => {
    expect(setup({ database: 'a`; DROP' }).prelude[0]).toBe('USE `a\\`; DROP`');
    expect(() => setup({ 'x = 1; DROP TABLE t': '1' })).toThrow('Unknown setting');
    expect(() => setup({ 'param_x; DROP': '1' })).toThrow('Bad parameter name');
  });

  it('makes a GET read-only, whatever it asks for', () => {
    expect(setup({ readonly: '0' }, true).prelude.at(-1)).toBe("SET readonly = '2'");
    expect(setup({ readonly: '1' }, true).prelude.at(-1)).toBe("SET readonly = '1'");
  });

  it('refuses what it could not keep: sessions and native compression', () => {
    expect(() => setup({ session_id: 's' })).toThrow('keeps no sessions');
    expect(() => setup({ compress: '1' })).toThrow('not supported');
    expect(setup({ compress: '0' }).prelude).toHaveLength(1);
  });

  it('reads what speaks to the interface itself', () => {
    expect(setup({ default_format: 'CSV', wait_end_of_query: '1', enable_http_compression: '1' })).toMatchObject({
      defaultFormat: 'CSV',
      waitsForEnd: true,
      compressesResponse: true,
    });
  });
});
