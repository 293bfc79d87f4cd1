/** `GET /api/v1/values`: what a field of the filter language may be set to, from its words or from what was seen. */
import type { FastifyInstance } from 'fastify';
import type { ValuesInput } from '../../db/queries/values.ts';
import type { ValuesResponse } from '../../model/api.ts';
import { fieldOf } from '../../model/filter/fields.ts';
import { parseValuesQuery } from '../request/parameters.ts';
import { type RouteContext, requestSignal, sendFailure } from './context.ts';

export function registerValuesRoute(app: FastifyInstance, { store, clock, stopping }: RouteContext): void {
  app.get('/api/v1/values', async (request, reply): Promise<ValuesResponse> => {
    const query = parseValuesQuery(request.query, clock.now());
    if (!query.ok) return sendFailure(reply, query.error);
    const { field, range } = query.value;
    const words = wordsOf(query.value);
    if (words !== null) return { range, field, values: words, truncated: false, rowsRead: 0, bytesRead: '0' };
    const { values, truncated, read } = await store.values(query.value, requestSignal(reply, stopping));
    return { range, field, values: [...values], truncated, rowsRead: read.rows, bytesRead: read.bytes };
  });
}

/** Null when the field is none of words, which are known without the store. */
function wordsOf({ field: name, typed, limit }: ValuesInput): ValuesResponse['values'] | null {
  const field = fieldOf(name);
  if (field.of !== 'flow' || field.kind !== 'word') return null;
  return Object.keys(field.words)
    .filter((word) => word.includes(typed.toLowerCase()))
    .slice(0, limit)
    .map((value) => ({ value, lastMs: null }));
}
