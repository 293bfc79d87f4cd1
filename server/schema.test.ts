import { describe, expect, it, vi } from 'vitest';
import { createSchema } from './schema.ts';

const log = { info: () => undefined, warn: () => undefined };
const delays = { firstDelayMs: 1, maxDelayMs: 2 };

describe('the schema', () => {
  it('is created as soon as the store is there, and again when it vanished', async () => {
    const problems: (string | null)[] = [];
    const schema = createSchema(delays, {
      log,
      migrate: () => {
        problems.push(schema.problem());
        return problems.length < 3 ? Promise.reject(new Error('away')) : Promise.resolve();
      },
    });
    schema.start(new AbortController().signal);
    await vi.waitFor(() => expect(schema.problem()).toBeNull());
    const failed = 'the tables cannot be created: away';
    expect(problems).toEqual(['the tables are being created', failed, failed]);

    await new Promise(setImmediate);
    schema.missing();
    expect(schema.problem()).toBe('the tables are missing and are being created');
    await vi.waitFor(() => expect(schema.problem()).toBeNull());
    expect(problems).toHaveLength(4);

    await schema.stop();
    schema.missing();
    expect(problems).toHaveLength(4);
  });
});
