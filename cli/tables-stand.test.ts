import { expect, test } from 'vitest';

import { tablesStand } from './tables-stand.ts';

/** Answers one after the other, the last one for ever. */
function answering(...answers: readonly { readonly status: number; readonly body: object }[]) {
  const asked: string[] = [];
  let at = 0;
  return {
    asked,
    fetch: (input: string | URL | Request): Promise<Response> => {
      asked.push(input instanceof Request ? input.url : String(input));
      const answer = answers[Math.min(at++, answers.length - 1)];
      return Promise.resolve(Response.json(answer?.body ?? {}, { status: answer?.status ?? 200 }));
    },
    pause: () => Promise.resolve(),
  };
}
const early = { status: 503, body: { error: { code: 'store_unavailable', message: 'the tables are not there yet' } } };

test('tables that come a moment later are waited for', async () => {
  const server = answering(early, early, { status: 200, body: {} });
  expect(await tablesStand('http://127.0.0.1:3000', server)).toBe(true);
  expect(server.asked).toHaveLength(3);
  expect(server.asked[0]).toContain('/api/v1/map');
});

test('a store that stays away is not waited for longer than 15 s', async () => {
  const server = answering(early);
  expect(await tablesStand('http://127.0.0.1:3000', server)).toBe(false);
  expect(server.asked).toHaveLength(75);
});

test('another refusal has nothing to do with the tables', async () => {
  const server = answering({ status: 400, body: { error: { code: 'bad_parameter', message: 'no' } } });
  expect(await tablesStand('http://127.0.0.1:3000', server)).toBe(false);
  expect(server.asked).toHaveLength(1);
});
