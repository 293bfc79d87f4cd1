import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkedCsv, checkedJson, ImportRefused, type Refusal } from './checked-rows.ts';
import { longestLine } from './lines.ts';

/** In pieces of so many bytes, so that they end anywhere. */
async function* pieces(text: string, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

interface Checked {
  readonly passed: string;
  readonly accepted: number;
  readonly refused: readonly Refusal[];
  readonly leftOut: readonly string[];
}

async function check(of: typeof checkedCsv, text: string, size = 1 << 16): Promise<Checked> {
  const refused: Refusal[] = [];
  const leftOut: string[] = [];
  let accepted = 0;
  const checks = {
    refuse: (refusal: Refusal) => void refused.push(refusal),
    accept: () => void (accepted += 1),
    leaveOut: (name: string) => void leftOut.push(name),
  };
  const passed: Uint8Array[] = [];
  for await (const part of of(pieces(text, size), checks)) passed.push(part);
  return { passed: Buffer.concat(passed).toString(), accepted, refused, leftOut };
}

const good = { time: '2026-11-23T12:00:00.5Z', id: '7' };
const line = (of: object): string => `${JSON.stringify({ ...good, ...of })}\n`;

describe('a line of JSON', () => {
  it.each<[string, object]>([
    [
      'with all that a column can be',
      { src_port: 65_535, bytes_to_dst: '18446744073709551615', kind: 'drop', src_labels: ['a'] },
    ],
    ['with a wide number that is none here', { bytes_to_dst: 1e19 }],
    ['with a time as the store prints it', { time: '2026-11-23 12:00:00.123456789' }],
    ['with a word by its place', { verdict: 2 }],
    ['with nothing in a column', { src_ip: '', verdict: null, dst_port: null }],
    ['with addresses', { src_ip: '::ffff:10.0.0.1', dst_ip: '10.0.0.1', service_ip: 'fd00::1' }],
  ])('%s passes as it is', async (_, of) => {
    expect(await check(checkedJson, line(of))).toEqual({ passed: line(of), accepted: 1, refused: [], leftOut: [] });
  });

  it.each<[string, string]>([
    [line({ src_port: 70_000 }), 'src_port: 70000 is no whole number from 0 to 65535'],
    [line({ src_port: -1 }), 'src_port: -1 is no whole number from 0 to 65535'],
    [line({ src_port: 1.5 }), 'src_port: 1.5 is no whole number from 0 to 65535'],
    [line({ icmp_type: '256' }), 'icmp_type: "256" is no whole number from 0 to 255'],
    [line({ bytes_to_dst: '18446744073709551616' }), 'bytes_to_dst: "18446744073709551616" is no whole number from 0 to 18446744073709551615'], // prettier-ignore
    [line({ reporter: 'me' }), 'reporter: "me" is none of unknown, source, destination'],
    [line({ reporter: 9 }), 'reporter: 9 is none of unknown, source, destination'],
    [line({ src_ip: '10.0.0.300' }), 'src_ip: "10.0.0.300" is no address'],
    [line({ http_path: {} }), 'http_path: {} is no text'],
    [line({ src_labels: 'a' }), 'src_labels: "a" is no list of texts'],
    [line({ dns_answers: [1] }), 'dns_answers: [1] is no list of texts'],
    [line({ http_path: ['x'.repeat(100)] }), `http_path: ["${'x'.repeat(38)}… is no text`],
    [
      line({ time: 'yesterday' }),
      'time: "yesterday" is no time such as 2026-11-23T12:00:00.5Z that the store can hold',
    ],
    [line({ time: '2026-99-23T12:00:00Z' }), 'time: "2026-99-23T12:00:00Z" is no time such as 2026-11-23T12:00:00.5Z that the store can hold'], // prettier-ignore
    [line({ time: null }), 'it has no time: flows are told apart by time and id, export both'],
    [line({ id: '0' }), 'it has no id: flows are told apart by time and id, export both'],
    ['{"time":"2026-11-23T12:00:00Z"}\n', 'it has no id: flows are told apart by time and id, export both'],
    ['[]\n', 'it is no JSON object'],
    ['{"time":\n', 'it is no whole JSON object'],
    ['{time}\n', 'it is no JSON'],
  ])('%s is refused, and the others pass', async (text, why) => {
    const checked = await check(checkedJson, `${line({})}${text}${line({ id: '8' })}`);
    expect(checked).toMatchObject({ passed: `${line({})}${line({ id: '8' })}`, refused: [{ line: 2, why }] });
  });

  it('may end the file without a line break, after CRLF and empty lines, wherever the pieces end', async () => {
    const text = `${JSON.stringify(good)}\r\n\n${line({ id: '8' })}${JSON.stringify(good)}`;
    for (const size of [1, 2, 3, 1000]) {
      expect(await check(checkedJson, text, size)).toMatchObject({ accepted: 3, refused: [] });
    }
  });

  it('that is too long to be one is skipped, and not kept', async () => {
    const text = `${line({})}${'x'.repeat(longestLine + 1)}\n${line({ id: '8' })}`;
    expect(await check(checkedJson, text)).toMatchObject({
      accepted: 2,
      refused: [{ line: 2, why: 'it is longer than 1 MiB' }],
    });
  });

  it('tells of columns that the store has not', async () => {
    expect(await check(checkedJson, line({ note: 1 }))).toMatchObject({ accepted: 1, leftOut: ['note'] });
  });
});

describe('a record of CSV', () => {
  const head = 'time,id,src_port,http_path,src_labels\n';
  const row = (port: string, path = '"/"'): string => `"2026-11-23 12:00:00.5",7,${port},${path},"[""a"",""b""]"\n`;

  it.each([
    ['as it is written', row('80')],
    ['without a port', row('')],
    ['with a line break in it', row('80', '"two\nlines, ""quoted"""')],
    ['after CRLF', row('80').replace('\n', '\r\n')],
    ['without quotes', '2026-11-23T12:00:00Z,7,80,/x,[]\n'],
    ['of which the last is empty', '2026-11-23T12:00:00Z,7,80,/x,\n'],
  ])('passes %s, wherever the pieces end', async (_, text) => {
    for (const size of [1, 2, 5, 1000]) {
      const checked = await check(checkedCsv, head + text + row('81'), size);
      expect(checked).toEqual({ passed: head + text + row('81'), accepted: 2, refused: [], leftOut: [] });
    }
  });

  it.each([
    [row('70000'), 'src_port: "70000" is no whole number from 0 to 65535'],
    [row('"ä"'), 'src_port: "ä" is no whole number from 0 to 65535'],
    ['1,2\n', 'it has 2 columns, the first line has 5'],
    ['2026-11-23T12:00:00Z,7,80,/x,"[1"\n', 'src_labels: "[1" is no list of texts'],
    ['2026-11-23T12:00:00Z,,80,/x,[]\n', 'it has no id: flows are told apart by time and id, export both'],
    [row('80', '"/').replace('\n', '\n'), 'something follows a closing quote'],
    [row('80', '"x"y'), 'something follows a closing quote'],
    ['"2026-11-23 12:00:00\n', 'something follows a closing quote'],
  ])('%s is refused, and those behind it pass', async (text, why) => {
    for (const size of [1, 7, 1000]) {
      const checked = await check(checkedCsv, head + row('80') + text + row('81') + row('82'), size);
      expect(checked).toEqual({
        passed: head + row('80') + row('81') + row('82'),
        accepted: 3,
        refused: [{ line: 3, why }],
        leftOut: [],
      });
    }
  });

  it('that ends in the middle is refused', async () => {
    expect(await check(checkedCsv, `${head}${row('80')}"2026`)).toMatchObject({
      accepted: 1,
      refused: [{ line: 3, why: 'a quote is not closed' }],
    });
  });

  it('whose quote nothing closes takes one line with it', async () => {
    const unquoted = '2026-11-23T12:00:00Z,7,80,/x,[]\n'.repeat(40_000);
    const checked = await check(checkedCsv, `${head}"open\n${unquoted}`);
    expect(checked).toMatchObject({ accepted: 40_000, refused: [{ line: 2, why: 'a quote is not closed' }] });
  });

  it('that is too long to be one is skipped', async () => {
    const checked = await check(checkedCsv, `${head}${'x'.repeat(longestLine + 70_000)}\n${row('80')}`);
    expect(checked).toMatchObject({ accepted: 1, refused: [{ line: 2, why: 'it is longer than 1 MiB' }] });
  });

  it.each([
    ['time,src_ip\n1,2\n', 'line 1 names no column id'],
    ['time,id,id\n1,2,2\n', 'line 1 names the column id twice'],
    ['"time,id\n', 'line 1: a quote is not closed'],
  ])('cannot be read without a head: %s', async (text, message) => {
    const failure = check(checkedCsv, text);
    await expect(failure).rejects.toBeInstanceOf(ImportRefused);
    await expect(failure).rejects.toThrow(message);
  });

  it('tells of columns that the store has not, and may begin with a byte order mark', async () => {
    expect(await check(checkedCsv, '\ufefftime,id,note\n')).toMatchObject({ accepted: 0, leftOut: ['note'] });
  });

  it('is found again whatever its texts are, and where it begins', async () => {
    const field = fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', 'a', 'ä', '[') });
    const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    await fc.assert(
      fc.asyncProperty(fc.array(field, { minLength: 1 }), fc.integer({ min: 1, max: 20 }), async (paths, size) => {
        const rows = paths.map((path) => row('80', quoted(path)));
        const checked = await check(checkedCsv, `${head}${rows.join('')}1\n`, size);
        const lines = head + rows.join('');
        expect(checked.passed).toBe(lines);
        expect(checked.refused).toMatchObject([{ line: lines.split('\n').length }]);
      }),
    );
  });
});
