import { expect, test } from 'vitest';

import { parseStartOptions } from './start-options.ts';

const parse = (argv: string[], env: Record<string, string> = {}) => parseStartOptions(argv, env, '/home/ada');

test('without flags it serves port 3000 from ./data and captures', () => {
  expect(parse([])).toMatchObject({
    ok: true,
    value: { port: 3000, dataDir: '/home/ada/data', probe: true, lab: false, replay: null, clickhouseUrl: null },
  });
});

test('a replay turns the probe off and takes its path from the working directory', () => {
  expect(parse(['--replay', 'a.plr'])).toMatchObject({ ok: true, value: { replay: '/home/ada/a.plr', probe: false } });
});

test('plaintext of TLS libraries is read only when asked for', () => {
  expect(parse([])).toMatchObject({ ok: true, value: { tlsUprobes: false } });
  expect(parse(['--tls-uprobes'])).toMatchObject({ ok: true, value: { tlsUprobes: true, probe: true } });
});

test.each([
  [[], ''],
  [['--base-path', '/palomar'], '/palomar'],
  [['--base-path', 'tools/palomar/'], '/tools/palomar'],
])('the flags %j serve below %j', (argv, basePath) => {
  expect(parse(argv)).toMatchObject({ ok: true, value: { basePath } });
});

test.each([
  ['an unknown flag', ['--colour'], '--colour'],
  ['a port that is no number', ['--port', 'http'], "--port: 'http'"],
  ['a port out of range', ['--port', '70000'], "--port: '70000'"],
  ['a negative port', ['--port=-1'], "--port: '-1'"],
  ['a stray word', ['now'], 'now'],
  ['a missing value', ['--replay'], '--replay'],
  ['an empty value', ['--data-dir='], '--data-dir'],
  ['plaintext without a probe', ['--tls-uprobes', '--no-probe'], '--tls-uprobes'],
  ['a base path that is no path', ['--base-path', '/a b'], "--base-path: '/a b'"],
  ['two sources at once', ['--replay', 'x', '--lab'], '--replay and --lab'],
])('%s is one line that names it', (_name, argv, named) => {
  const parsed = parse(argv);
  expect(parsed.ok).toBe(false);
  if (parsed.ok) return;
  expect(parsed.error).toContain(named);
  expect(parsed.error).not.toContain('\n');
});

test('a CLICKHOUSE_URL that is no http URL is refused by name', () => {
  expect(parse([], { CLICKHOUSE_URL: 'clickhouse://x' })).toMatchObject({ ok: false });
  expect(parse([], { CLICKHOUSE_URL: 'http://u:p@h:8123/db' })).toMatchObject({ ok: true });
});
