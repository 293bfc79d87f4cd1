/** What can go wrong in an answer: one table from the failure's code to its HTTP status. */
import type { ApiError, ApiRefusal } from '../model/api.ts';
import type { Offer } from './cost.ts';

const statuses = {
  bad_parameter: 400,
  unknown_parameter: 400,
  bad_filter: 400,
  range_too_long: 400,
  host_refused: 403,
  origin_refused: 403,
  not_found: 404,
  method_not_allowed: 405,
  too_many_saved: 409,
  too_expensive: 422,
  cancelled: 499,
  internal: 500,
  store_failed: 502,
  store_unavailable: 503,
  store_busy: 503,
  too_many_streams: 503,
  stopping: 503,
} as const;

export type FailureCode = keyof typeof statuses;

/** An expected failure, fit to be shown to whoever asked. */
export interface Failure {
  readonly code: FailureCode;
  readonly message: string;
  readonly parameter?: string;
  readonly position?: number;
  readonly refusal?: ApiRefusal;
}

export function statusOf(code: FailureCode): number {
  return statuses[code];
}

/** Seconds after which asking again makes sense, for the failures that pass by themselves. */
export function retryAfterSeconds(code: FailureCode): number | null {
  return statuses[code] === 503 ? 2 : null;
}

export function failureBody(failure: Failure): ApiError {
  const { code, message, parameter, position, refusal } = failure;
  return {
    error: {
      code,
      message,
      ...(parameter === undefined ? {} : { parameter }),
      ...(position === undefined ? {} : { position }),
      ...(refusal === undefined ? {} : { refusal }),
    },
  };
}

type StoreFailureCode = Extract<FailureCode, `store_${string}` | 'too_expensive' | 'cancelled'>;

/** What a question would have read, and what may be asked in its place. */
interface Refusal {
  /** Null when the store found out only while it read. */
  readonly rows: number | null;
  readonly limit: number;
  readonly offers: readonly Offer[];
}

interface StoreErrorOptions extends ErrorOptions {
  readonly refusal?: Refusal;
}

/** The store did not answer. `cause` is for the log only. */
export class StoreError extends Error {
  readonly code: StoreFailureCode;
  readonly refusal: Refusal | null;

  constructor(code: StoreFailureCode, message: string, options?: StoreErrorOptions) {
    super(message, options);
    this.name = 'StoreError';
    this.code = code;
    this.refusal = options?.refusal ?? null;
  }
}
