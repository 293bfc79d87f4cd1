import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBudget } from './budget.ts';
import { createHpackDecoder, type HpackDecoder } from './hpack.ts';

type Read = { readonly unknown: number | undefined; readonly fields: readonly string[] };

function read(decoder: HpackDecoder, hex: string): Read {
  const fields: string[] = [];
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  const unknown = decoder.decode(bytes, 0, bytes.length, {
    wants: () => true,
    field: (name, value) => fields.push(`${name}: ${value}`),
  });
  return { unknown, fields };
}

const fresh = (): HpackDecoder => createHpackDecoder(createBudget(1 << 20));

describe('HPACK, by the examples of RFC 7541 appendix C', () => {
  it.each([
    ['C.2.1', '400a637573746f6d2d6b65790d637573746f6d2d686561646572', ['custom-key: custom-header'], 55],
    ['C.2.2', '040c2f73616d706c652f70617468', [':path: /sample/path'], 0],
    ['C.2.3', '100870617373776f726406736563726574', ['password: secret'], 0],
    ['C.2.4', '82', [':method: GET'], 0],
  ])('%s', (_name, hex, fields, size) => {
    const decoder = fresh();
    expect(read(decoder, hex)).toEqual({ unknown: 0, fields });
    expect(decoder.tableSize).toBe(size);
  });

  const requests = [
    [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'],
    [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com', 'cache-control: no-cache'],
    [':method: GET', ':scheme: https', ':path: /index.html', ':authority: www.example.com', 'custom-key: custom-value'],
  ];
  it.each([
    [
      'C.3, requests without the Huffman code',
      [
        '828684410f7777772e6578616d706c652e636f6d',
        '828684be58086e6f2d6361636865',
        '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
      ],
    ],
    [
      'C.4, requests with it',
      [
        '828684418cf1e3c2e5f23a6ba0ab90f4ff',
        '828684be5886a8eb10649cbf',
        '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
      ],
    ],
  ])('%s', (_name, blocks) => {
    const decoder = fresh();
    expect(blocks.map((block) => read(decoder, block).fields)).toEqual(requests);
    expect(decoder.tableSize).toBe(164);
  });

  const date = (second: number): string => `date: Mon, 21 Oct 2013 20:13:${second} GMT`;
  const responses = [
    [':status: 302', 'cache-control: private', date(21), 'location: https://www.example.com'],
    [':status: 307', 'cache-control: private', date(21), 'location: https://www.example.com'],
    [
      ':status: 200',
      'cache-control: private',
      date(22),
      'location: https://www.example.com',
      'content-encoding: gzip',
      'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
    ],
  ];
  it.each([
    [
      'C.5, responses that fill a table of 256 bytes',
      [
        '4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d',
        '4803333037c1c0bf',
        '88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31',
      ],
    ],
    [
      'C.6, the same with the Huffman code',
      [
        '488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3',
        '4883640effc1c0bf',
        '88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
      ],
    ],
  ])('%s', (_name, blocks) => {
    const decoder = fresh();
    // The table has 256 bytes there: an update says so before the first block.
    const [first = '', ...others] = blocks;
    expect([`3fe101${first}`, ...others].map((block) => read(decoder, block).fields)).toEqual(responses);
    expect(decoder.tableSize).toBe(215);
  });
});

describe('HPACK', () => {
  it('calls unknown what was there before it looked, and knows by its place what came since', () => {
    const decoder = fresh();
    // Newest entry, one that came before, and a literal whose name came before.
    expect(read(decoder, '40016101 62 be bf 7f00 0163')).toEqual({ unknown: 2, fields: ['a: b', 'a: b'] });
    // The one with the unknown name is the newest now.
    expect(read(decoder, 'be bf')).toEqual({ unknown: 1, fields: ['a: b'] });
  });

  it('forgets everything once a block was lost', () => {
    const decoder = fresh();
    read(decoder, '4001610162');
    decoder.forget();
    expect(read(decoder, 'be')).toEqual({ unknown: 1, fields: [] });
    expect(decoder.tableSize).toBe(0);
  });

  it.each([
    ['index 0', '80'],
    ['a string beyond the end', '400a6162'],
    ['an integer without end', '7fffffffffffff'],
    ['padding of zeros', '40 0161 81 00'],
    ['the end of string symbol', '40 0161 84 ffffffff'],
    ['padding longer than a byte', '40 0161 82 07ff'],
  ])('refuses %s', (_name, hex) => {
    expect(read(fresh(), hex).unknown).toBeUndefined();
  });

  it('keeps no more than the peer may have, nor than the memory there is', () => {
    const roomy = createBudget(1 << 20);
    const decoder = createHpackDecoder(roomy);
    for (let i = 0; i < 500; i += 1) read(decoder, `40 0161 7f65 ${'62'.repeat(228)}`);
    expect(decoder.tableSize).toBeLessThanOrEqual(4096);
    expect(roomy.used).toBe(decoder.tableSize);
    const tight = createHpackDecoder(createBudget(64));
    expect(read(tight, '4001610162 4001630164 be')).toMatchObject({ unknown: 1 });
  });

  it('reads or refuses any bytes, and gives all memory back', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 10 }), (blocks) => {
        const budget = createBudget(1 << 16);
        const decoder = createHpackDecoder(budget);
        for (const block of blocks) read(decoder, Buffer.from(block).toString('hex'));
        decoder.forget();
        expect(budget.used).toBe(0);
      }),
    );
  });
});
