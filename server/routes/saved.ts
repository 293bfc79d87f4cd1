/**
 * `/api/v1/saved`: what people save for each other. PUT takes the place of what has the same kind and id, DELETE takes it
 * away. Both are refused to pages of other sites, whose readers do not know that they are asking.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { savedItemSchema, savedLimits, type SavedEntry, type SavedItem, type SavedResponse } from '../../model/api.ts';
import { parseFilter } from '../../model/filter/parse.ts';
import { err, ok, type Result } from '../../model/result.ts';
import type { Failure } from '../failure.ts';
import { noParameters, parseParameters, savedParameters } from '../request/parameters.ts';
import type { Store } from '../store.ts';
import { type RouteContext, requestSignal, sendFailure } from './context.ts';

/** All characters of an item as escapes of JSON. */
const bodyLimit = 64 * 1024;

export function registerSavedRoutes(app: FastifyInstance, { store, stopping }: RouteContext): void {
  app.get('/api/v1/saved', async (request, reply): Promise<SavedResponse> => {
    const asked = parseParameters(noParameters, request.query);
    if (!asked.ok) return sendFailure(reply, asked.error);
    return { items: [...(await store.saved(requestSignal(reply, stopping)))] };
  });

  app.put('/api/v1/saved', { bodyLimit }, async (request, reply): Promise<SavedEntry> => {
    const asked = fromHere(request, () => parseItem(request.body));
    if (!asked.ok) return sendFailure(reply, asked.error);
    const item = asked.value;
    const signal = requestSignal(reply, stopping);
    const ofKind = (await store.saved(signal)).filter(({ kind }) => kind === item.kind);
    if (ofKind.length >= savedLimits.items && !ofKind.some(({ id }) => id === item.id)) {
      const message = `${savedLimits.items} of the kind ${item.kind} are saved, and no more can be: delete one first`;
      return sendFailure(reply, { code: 'too_many_saved', message });
    }
    await store.save(item, signal);
    const saved = await find(store, item, signal);
    if (saved === undefined) throw new Error('what was just saved is not there');
    return saved;
  });

  app.delete('/api/v1/saved', async (request, reply) => {
    const asked = fromHere(request, () => parseParameters(savedParameters, request.query));
    if (!asked.ok) return sendFailure(reply, asked.error);
    const { kind, id } = asked.value;
    const signal = requestSignal(reply, stopping);
    const found = await find(store, { kind, id }, signal);
    if (found === undefined) {
      return sendFailure(reply, { code: 'not_found', message: `no ${kind} with this id is saved` });
    }
    const { text, place } = found;
    await store.unsave({ kind, id, text, place }, signal);
    return reply.code(204).send();
  });
}

async function find(
  store: Store,
  { kind, id }: Pick<SavedItem, 'kind' | 'id'>,
  signal: AbortSignal,
): Promise<SavedEntry | undefined> {
  return (await store.saved(signal)).find((one) => one.kind === kind && one.id === id);
}

/** Browsers say where a request comes from; what is no browser says nothing. */
function fromHere<T>(request: FastifyRequest, parse: () => Result<T, Failure>): Result<T, Failure> {
  const site = request.headers['sec-fetch-site'] ?? 'none';
  if (site === 'same-origin' || site === 'none') return parse();
  return err({ code: 'origin_refused', message: 'a page of another site cannot save or delete anything here' });
}

function parseItem(body: unknown): Result<SavedItem, Failure> {
  const parsed = parseParameters(savedItemSchema, body);
  if (!parsed.ok) return parsed;
  const item = { ...parsed.value, text: parsed.value.text.trim() };
  const refuse = (parameter: string, message: string): Result<never, Failure> =>
    err({ code: 'bad_parameter', message: `${parameter}: ${message}`, parameter });
  if (item.kind === 'known') return item.place === '' ? ok(item) : refuse('place', 'a known problem has none');
  if (item.text === '') return refuse('text', `a ${item.kind} needs a name`);
  if (item.kind === 'view') {
    // Another page's address, or a script, would be opened by whoever chooses it.
    return /^\/(?!\/)[\x21-\x5b\x5d-\x7e]*$/.test(item.place) ? ok(item) : refuse('place', 'write a path of this page');
  }
  const filter = parseFilter(item.place);
  if (filter.ok) return item.place.trim() === '' ? refuse('place', 'the filter is empty') : ok(item);
  return err({
    code: 'bad_filter',
    message: filter.error.message,
    parameter: 'place',
    position: filter.error.position,
  });
}
