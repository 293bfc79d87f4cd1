import { describe, expect, it } from 'vitest';
import { aFlow, aLayer7, anEndpoint } from '../model/flow.fixture.ts';
import { exportLines } from './flow-json.ts';
import type { HubbleRow } from './flow-row.ts';
import { createExchangePairs } from './pair-exchanges.ts';
import { apiEnd, flowLine, webEnd } from './read-line.fixture.ts';
import { readHubbleLine } from './read-line.ts';

type Given = Readonly<Record<string, unknown>>;
const at = (second: number): string => new Date(Date.UTC(2026, 10, 23, 12, 0, 0) + second * 1000).toISOString();
const http = { method: 'GET', url: 'http://api/orders', protocol: 'HTTP/1.1' };
const dns = { query: 'api.', qtypes: ['A'] };
let lines = 0;
const uuid = (): string => `9d6bc5ae-3f0e-4c6f-8a55-${String((lines += 1)).padStart(12, '0')}`;

function request(second: number, l7: Given, of: Given = {}): HubbleRow {
  const given = {
    uuid: uuid(),
    time: at(second),
    Type: 'L7',
    event_type: { type: 129 },
    l7: { type: 'REQUEST', ...l7 },
  };
  return flowLine({ ...given, ...of }).row;
}
function response(second: number, l7: Given, of: Given = {}): HubbleRow {
  return flowLine({
    uuid: uuid(),
    time: at(second),
    Type: 'L7',
    event_type: { type: 129 },
    is_reply: true,
    source: apiEnd,
    destination: webEnd,
    IP: { source: '10.0.1.9', destination: '10.0.1.7', ipVersion: 'IPv4' },
    l4: { TCP: { source_port: 8080, destination_port: 45240, flags: { SYN: true } } },
    l7: { type: 'RESPONSE', ...l7 },
    ...of,
  }).row;
}

function paired(rows: readonly HubbleRow[], capacity = 100): { rows: HubbleRow[]; joined: number } {
  const pairs = createExchangePairs(capacity);
  const made = [...rows.flatMap((row) => pairs.take(row)), ...pairs.end()];
  return { rows: made, joined: pairs.joined };
}

describe('a request and its answer', () => {
  const asked = request(1, { http }, { trace_context: { parent: { trace_id: '4bf9' } } });
  const answered = response(1.5, { http: { ...http, code: 200 }, latency_ns: '500000000' });
  it.each([
    ['the older first', [asked, answered]],
    ['the newer first', [answered, asked]],
  ])('are one row, %s, with what either of them tells', (_, rows) => {
    expect(paired(rows)).toEqual({ joined: 1, rows: [{ ...answered, trace_id: '4bf9' }] });
    expect(answered).toMatchObject({ kind: 'l7_response', time: '2026-11-23T12:00:01Z', http_status: 200 });
  });

  it('are as far apart as their times when no latency is told', () => {
    const [query, answer] = [request(1, { dns }), response(1.004, { dns: { ...dns, ips: ['10.0.1.9'] } })];
    expect(answer).toMatchObject({ time: '2026-11-23T12:00:01.004Z', latency_ns: '0' });
    for (const rows of [
      [query, answer],
      [answer, query],
    ]) {
      expect(paired(rows).rows).toEqual([{ ...answer, time: query.time, latency_ns: '4000000' }]);
    }
  });

  it('of many alike are the nearest', () => {
    const queries = [1, 2, 3].map((second) => request(second, { dns }));
    const answer = response(2.5, { dns });
    for (const rows of [
      [...queries, answer],
      [answer, ...queries.toReversed()],
      [...queries.slice(0, 2), answer, ...queries.slice(2)],
    ]) {
      const made = paired(rows).rows;
      expect(made).toHaveLength(3);
      expect(made).toContainEqual({ ...answer, time: queries[1]?.time, latency_ns: '500000000' });
    }
  });

  it.each<[string, HubbleRow, HubbleRow]>([
    [
      'of another connection',
      request(1, { dns }),
      response(1, { dns }, { l4: { TCP: { source_port: 8080, destination_port: 1 } } }),
    ],
    ['of another question', request(1, { dns }), response(1, { dns: { ...dns, qtypes: ['AAAA'] } })],
    [
      'with another verdict',
      request(1, { http }, { verdict: 'DROPPED' }),
      response(1, { http: { ...http, code: 403 } }),
    ],
    [
      'that contradict each other',
      request(1, { http }),
      response(1, { http }, { destination: { ...webEnd, identity: 9 } }),
    ],
    ['of which the answer came first', request(2, { dns }), response(1, { dns })],
    ['more than a minute apart', request(1, { dns }), response(62, { dns })],
    ['that another latency parts', request(1, { http }), response(2, { http, latency_ns: '500000000' })],
  ])('stay two rows %s', (_, one, other) => {
    expect(paired([one, other])).toEqual({ joined: 0, rows: [one, other] });
    expect(paired([other, one])).toEqual({ joined: 0, rows: [other, one] });
  });

  it('lets a packet through at once', () => {
    const packet = flowLine({}).row;
    expect(createExchangePairs(1).take(packet)).toEqual([packet]);
  });

  it('keeps no more waiting than it may, and lets the oldest go alone', () => {
    const rows = [1, 2, 3].map((port) => request(port, { dns }, { l4: { UDP: { source_port: port } } }));
    const pairs = createExchangePairs(2);
    expect(rows.map((row) => pairs.take(row))).toEqual([[], [], [rows[0]]]);
    expect(pairs.end()).toEqual(rows.slice(1));
    expect(pairs.end()).toEqual([]);
  });

  it('keeps no more than 64 of one connection and question', () => {
    const rows = Array.from({ length: 65 }, (_, i) => request(i, { dns }));
    const pairs = createExchangePairs(1000);
    expect(rows.flatMap((row) => pairs.take(row))).toEqual([rows[0]]);
  });
});

it('makes one row again of the two lines that an answered exchange is written as', () => {
  const flow = aFlow({
    id: '7',
    kind: 'l7_response',
    from: anEndpoint({ ip: '10.0.1.7', port: 4000 }),
    to: anEndpoint({ ip: '10.0.1.9', port: 80, names: ['api'] }),
    l7: aLayer7({
      latencyNs: '4200000',
      http: { method: 'GET', host: 'api', path: '/', status: 503, protocol: 'HTTP/2' },
    }),
  });
  const rows = exportLines([flow]).map((text) => {
    const line = readHubbleLine(text);
    if (!line.ok || line.value.is !== 'flow') throw new Error('no flow');
    return line.value.row;
  });
  expect(rows.map(({ kind, id }) => [kind, id])).toEqual([
    ['l7_response', '7'],
    ['l7_request', '7'],
  ]);
  expect(paired(rows)).toEqual({ joined: 1, rows: [rows[0]] });
});
