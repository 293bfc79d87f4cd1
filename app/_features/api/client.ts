/** Asks our server and checks what it answers. A failure carries what the server said, for the panel that asked. */
import type { z } from 'zod';

import { errorSchema, type ApiRefusal } from '../../../model/api.ts';

/** Replaced in the build; tests have none. */
const basePath = process.env.PALOMAR_BASE_PATH ?? '';

/** The address of a path of the API, below wherever this page was reached. */
export const apiUrl = (path: string): string => `${basePath}${path}`;

export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';

  readonly code: string;
  /** The HTTP status; 0 when the server could not be reached. */
  readonly status: number;
  readonly parameter: string | undefined;
  readonly position: number | undefined;
  /** Smaller questions that would be answered. */
  readonly offers: ApiRefusal['offers'];

  constructor(
    code: string,
    message: string,
    status: number,
    parameter?: string,
    position?: number,
    offers: ApiRefusal['offers'] = [],
  ) {
    super(message);
    this.offers = offers;
    this.code = code;
    this.status = status;
    this.parameter = parameter;
    this.position = position;
  }

  /** A refused question stays refused; everything else may pass. */
  get isRefusal(): boolean {
    return this.status >= 400 && this.status < 500;
  }
}

export async function getJson<T>(
  path: string,
  query: Readonly<Record<string, string>>,
  schema: z.ZodType<T>,
  signal: AbortSignal,
): Promise<T> {
  const search = new URLSearchParams(query).toString();
  const response = await request(search === '' ? path : `${path}?${search}`, { signal });
  return readJson(response, schema, signal);
}

/** Changes something for everyone. */
export async function putJson<T>(path: string, body: object, schema: z.ZodType<T>): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  return readJson(await request(path, { method: 'PUT', headers, body: JSON.stringify(body) }), schema);
}

/** What is gone already is as good as deleted. */
export async function deleteAt(path: string, query: Readonly<Record<string, string>>): Promise<void> {
  const response = await request(`${path}?${new URLSearchParams(query).toString()}`, { method: 'DELETE' });
  if (!response.ok && response.status !== 404) throw failureOf(response, await bodyOf(response));
}

function bodyOf(response: Response, signal?: AbortSignal): Promise<unknown> {
  return response.json().catch((cause: unknown) => {
    if (signal?.aborted === true) throw cause;
    return null;
  });
}

async function readJson<T>(response: Response, schema: z.ZodType<T>, signal?: AbortSignal): Promise<T> {
  const body = await bodyOf(response, signal);
  if (!response.ok) throw failureOf(response, body);
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ApiFailure(
    'unexpected_answer',
    `The server's answer is not what this page understands (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}). Reload after an update.`,
    response.status,
  );
}

async function request(url: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set('accept', 'application/json');
  try {
    return await fetch(apiUrl(url), { ...init, headers });
  } catch (cause) {
    if (init.signal?.aborted === true) throw cause;
    throw new ApiFailure('unreachable', 'The Palomar server does not answer.', 0);
  }
}

function failureOf(response: Response, body: unknown): ApiFailure {
  const parsed = errorSchema.safeParse(body);
  if (!parsed.success) {
    return new ApiFailure('unexpected_answer', `The server answered ${response.status}.`, response.status);
  }
  const { code, message, parameter, position, refusal } = parsed.data.error;
  return new ApiFailure(code, message, response.status, parameter, position, refusal?.offers);
}
