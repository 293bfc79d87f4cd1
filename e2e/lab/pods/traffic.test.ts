/** What the lab's programs ask and answer, without a network. */
import { expect, test } from 'vitest';
import { sqlFor, statusFor } from './api.ts';
import { nthRequest } from './frontend.ts';

test('fifty requests hold each kind of traffic in fixed shares', () => {
  const kinds = Array.from({ length: 50 }, (_, n) => nthRequest(n)).map(({ method, path }) =>
    /\/orders\/100\d\d$/.test(path) ? 'missing' : `${method} ${path.replace(/\d+$/, 'N')}`,
  );
  const counts = Object.fromEntries([...new Set(kinds)].map((kind) => [kind, kinds.filter((k) => k === kind).length]));
  expect(counts).toEqual({
    'GET /api/v1/orders/N': 30,
    'POST /api/v1/orders': 10,
    'GET /healthz': 5,
    missing: 4,
    'GET /api/v1/reports/daily': 1,
  });
});

test.each([
  ['GET', '/api/v1/orders/7', '', 'SELECT id, item, quantity FROM orders WHERE id = 7'],
  ['GET', "/api/v1/orders/7';--", '', undefined],
  ['GET', '/healthz', '', undefined],
])('%s %s becomes SQL only from digits', (method, path, body, sql) => {
  expect(sqlFor(method, path, body)).toBe(sql);
});

test('a POST takes its number from the body', () => {
  expect(sqlFor('POST', '/api/v1/orders', '{"id":42,"item":"x"}')).toContain('VALUES (42,');
});

test.each([
  ['a row', 'GET', { ok: true, value: [['1']] }, 200],
  ['no row', 'GET', { ok: true, value: [] }, 404],
  ['a stored order', 'POST', { ok: true, value: [['1']] }, 201],
  ['an SQL error', 'GET', { ok: false, error: {} }, 500],
] as const)('%s answers %s with the right status', (_name, method, found, status) => {
  expect(statusFor(method, found)).toBe(status);
});
