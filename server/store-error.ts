/** Says in the server's words why the store did not answer; what the store itself said goes to the log as `cause`. */
import { ClickHouseError } from '@clickhouse/client';
import { StoreError } from './failure.ts';

/** Codes of ClickHouse's src/Common/ErrorCodes.cpp. */
const tooMuch = new Set([
  '158', // TOO_MANY_ROWS
  '159', // TIMEOUT_EXCEEDED
  '160', // TOO_SLOW
  '241', // MEMORY_LIMIT_EXCEEDED
  '307', // TOO_MANY_BYTES
  '396', // TOO_MANY_ROWS_OR_BYTES
]);
const refused = new Set([
  '192', // UNKNOWN_USER
  '193', // WRONG_PASSWORD
  '194', // REQUIRED_PASSWORD
  '497', // ACCESS_DENIED
  '516', // AUTHENTICATION_FAILED
]);
const schemaMissing = new Set([
  '16', // NO_SUCH_COLUMN_IN_TABLE
  '47', // UNKNOWN_IDENTIFIER
  '60', // UNKNOWN_TABLE
  '81', // UNKNOWN_DATABASE
]);
const busy = '202'; // TOO_MANY_SIMULTANEOUS_QUERIES
const cancelled = '394'; // QUERY_WAS_CANCELLED

export function isSchemaMissing(error: unknown): boolean {
  return error instanceof ClickHouseError && schemaMissing.has(error.code);
}

export function toStoreError(cause: unknown, signal: AbortSignal): StoreError {
  if (cause instanceof StoreError) return cause;
  const options = { cause };
  if (signal.aborted) return new StoreError('cancelled', 'the question was given up', options);
  if (!(cause instanceof ClickHouseError)) return fromTransport(cause);
  const { code } = cause;
  if (tooMuch.has(code)) {
    const message = 'the store would have to read too much for this: choose a shorter range or a narrower filter';
    return new StoreError('too_expensive', message, options);
  }
  if (refused.has(code)) {
    return new StoreError('store_unavailable', 'the store refuses user or password: check CLICKHOUSE_URL', options);
  }
  if (isSchemaMissing(cause)) return new StoreError('store_unavailable', 'the tables are not there yet', options);
  if (code === busy) return new StoreError('store_busy', 'the store has too many questions to answer', options);
  if (code === cancelled) return new StoreError('cancelled', 'the question was given up', options);
  return new StoreError('store_failed', `the store cannot answer this (its error ${code})`, options);
}

/** Without an error of the store's own there was no answer at all, or one that is none. */
function fromTransport(cause: unknown): StoreError {
  if (cause instanceof Error && cause.name === 'ZodError') {
    return new StoreError('store_failed', 'the store answered something else than was asked for', { cause });
  }
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? ` (${cause.code})` : '';
  return new StoreError('store_unavailable', `the store does not answer${code}`, { cause });
}
