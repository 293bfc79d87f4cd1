/** The routes of saved items against a store that remembers, as the real one does. */
import { describe, expect, it } from 'vitest';
import { errorSchema, savedLimits, savedResponseSchema, type SavedEntry, type SavedItem } from '../../model/api.ts';
import type { Store } from '../store.ts';
import { fakeStore } from '../testing/fake-store.ts';
import { testApp } from '../testing/test-app.ts';

const view: SavedItem = { kind: 'view', id: 'v1', text: 'Payments', place: '/drops?range=1h&filter=ns%3Ashop' };

function remembering(items: SavedEntry[] = []): Store {
  const without = ({ kind, id }: SavedItem): SavedEntry[] => items.filter((one) => one.kind !== kind || one.id !== id);
  return fakeStore({
    saved: () => Promise.resolve(items),
    save: (item) => {
      items = [{ ...item, changedMs: 5 }, ...without(item)];
      return Promise.resolve();
    },
    unsave: (item) => {
      items = without(item);
      return Promise.resolve();
    },
  });
}

const put = (payload: unknown, headers: Record<string, string> = {}) => ({
  method: 'PUT' as const,
  url: '/api/v1/saved',
  headers: { 'content-type': 'application/json', ...headers },
  payload: JSON.stringify(payload),
});

describe('saved items', () => {
  it('are there for everyone once saved, take the place of one of the same id, and go when deleted', async () => {
    const app = testApp({ store: remembering() });
    const saved = async () => savedResponseSchema.parse((await app.inject('/api/v1/saved')).json()).items;
    expect((await app.inject(put(view))).json()).toEqual({ ...view, changedMs: 5 });
    await app.inject(put({ ...view, text: ' Payments, dropped ' }));
    expect(await saved()).toEqual([{ ...view, text: 'Payments, dropped', changedMs: 5 }]);
    const gone = await app.inject({ method: 'DELETE', url: '/api/v1/saved?kind=view&id=v1' });
    expect(gone.statusCode).toBe(204);
    expect(await saved()).toEqual([]);
    const again = await app.inject({ method: 'DELETE', url: '/api/v1/saved?kind=view&id=v1' });
    expect(again.statusCode).toBe(404);
  });

  it.each([
    ['another site', { ...view, place: '//evil.example/x' }, 400, 'bad_parameter'],
    ['a backslash that browsers take for a slash', { ...view, place: '/\\evil.example' }, 400, 'bad_parameter'],
    ['a script', { ...view, place: 'javascript:alert(1)' }, 400, 'bad_parameter'],
    ['a line break', { ...view, place: '/\n/evil.example' }, 400, 'bad_parameter'],
    ['no name', { ...view, text: '  ' }, 400, 'bad_parameter'],
    ['an unknown kind', { ...view, kind: 'dashboard' }, 400, 'bad_parameter'],
    ['a field too many', { ...view, by: 'me' }, 400, 'unknown_parameter'],
    ['a filter that does not parse', { ...view, kind: 'filter', place: 'ns:(' }, 400, 'bad_filter'],
    ['a filter of nothing', { ...view, kind: 'filter', place: ' ' }, 400, 'bad_parameter'],
    ['a known problem with a place', { ...view, kind: 'known' }, 400, 'bad_parameter'],
    ['a note that is too long', { ...view, text: 'x'.repeat(savedLimits.text + 1) }, 400, 'bad_parameter'],
    ['no object', [view], 400, 'bad_parameter'],
  ])('with %s are refused', async (_, body, status, code) => {
    const answer = await testApp({ store: remembering() }).inject(put(body));
    expect([answer.statusCode, errorSchema.parse(answer.json()).error.code]).toEqual([status, code]);
  });

  it('are refused to a page of another site, and to a form', async () => {
    const store = remembering([{ ...view, changedMs: 1 }]);
    const app = testApp({ store });
    const from = (site: string) => ({ 'sec-fetch-site': site });
    expect((await app.inject(put(view, from('cross-site')))).statusCode).toBe(403);
    expect((await app.inject(put(view, from('same-site')))).statusCode).toBe(403);
    const deletion = { method: 'DELETE' as const, url: '/api/v1/saved?kind=view&id=v1', headers: from('cross-site') };
    expect((await app.inject(deletion)).statusCode).toBe(403);
    expect((await app.inject({ ...put(view), headers: { 'content-type': 'text/plain' } })).statusCode).toBe(400);
    const posted = await app.inject({ ...put(view), method: 'POST' });
    expect([posted.statusCode, posted.headers.allow]).toEqual([405, 'GET, HEAD, PUT, DELETE']);
    expect((await app.inject(put(view, from('same-origin')))).statusCode).toBe(200);
  });

  it('are bounded, and one that is there can still be changed', async () => {
    const full = Array.from({ length: savedLimits.items }, (_, at) => ({ ...view, id: `v${at}`, changedMs: at }));
    const app = testApp({ store: remembering(full) });
    const refused = await app.inject(put({ ...view, id: 'one more' }));
    expect([refused.statusCode, errorSchema.parse(refused.json()).error.code]).toEqual([409, 'too_many_saved']);
    expect((await app.inject(put({ ...view, text: 'renamed' }))).statusCode).toBe(200);
    const other = { kind: 'known', id: 'p', text: 'ticket 12', place: '' };
    expect((await app.inject(put(other))).statusCode).toBe(200);
  });
});
