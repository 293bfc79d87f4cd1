import { ClickHouseError } from '@clickhouse/client';
import { describe, expect, it } from 'vitest';
import { StoreError } from './failure.ts';
import { isSchemaMissing, toStoreError } from './store-error.ts';

const open = new AbortController().signal;
const storeSays = (code: string): ClickHouseError => new ClickHouseError({ message: 'secret words', code });

describe('an error of the store', () => {
  it.each([
    ['159', 'too_expensive'],
    ['241', 'too_expensive'],
    ['516', 'store_unavailable'],
    ['60', 'store_unavailable'],
    ['202', 'store_busy'],
    ['394', 'cancelled'],
    ['62', 'store_failed'],
  ])('%s is %s, in our words', (code, expected) => {
    const error = toStoreError(storeSays(code), open);
    expect(error.code).toBe(expected);
    expect(error.message).not.toContain('secret');
    expect(error.cause).toBeInstanceOf(ClickHouseError);
  });

  it('is an outage when nothing answered', () => {
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    expect(toStoreError(refused, open)).toMatchObject({
      code: 'store_unavailable',
      message: 'the store does not answer (ECONNREFUSED)',
    });
  });

  it('is a cancellation once the asker is gone', () => {
    expect(toStoreError(new Error('aborted'), AbortSignal.abort()).code).toBe('cancelled');
  });

  it('stays what it is', () => {
    const error = new StoreError('store_busy', 'x');
    expect(toStoreError(error, open)).toBe(error);
  });

  it('asks for the tables when they are missing', () => {
    expect(isSchemaMissing(storeSays('60'))).toBe(true);
    expect(isSchemaMissing(storeSays('62'))).toBe(false);
  });
});
