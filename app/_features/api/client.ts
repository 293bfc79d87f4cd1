/** Asks our server and checks what it answers. A failure carries what the server said, for the panel that asked. */
import type { z } from 'zod';

import { errorSchema } from '../../../model/api.ts';

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

  constructor(code: string, message: string, status: number, parameter?: string, position?: number) {
    super(message);
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
  const response = await request(search === '' ? path : `${path}?${search}`, signal);
  const body: unknown = await response.json().catch((cause: unknown) => {
    if (signal.aborted) throw cause;
    return null;
  });
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

async function request(url: string, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(apiUrl(url), { signal, headers: { accept: 'application/json' } });
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new ApiFailure('unreachable', 'The Palomar server does not answer.', 0);
  }
}

function failureOf(response: Response, body: unknown): ApiFailure {
  const parsed = errorSchema.safeParse(body);
  if (!parsed.success) {
    return new ApiFailure('unexpected_answer', `The server answered ${response.status}.`, response.status);
  }
  const { code, message, parameter, position } = parsed.data.error;
  return new ApiFailure(code, message, response.status, parameter, position);
}
