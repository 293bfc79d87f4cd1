import { describe, expect, test } from 'vitest';

import type { MapEdge, MapNode, MapResponse } from '../../../model/api.ts';
import { aChange, aDiff } from '../../testing/diff.fixture.ts';
import { labWorld, madeUpWorld, mapOf, seeded } from '../../testing/fixture-data.ts';
import { aNode, anEdge } from '../../testing/map.fixture.ts';
import { keepToBudget } from './budget.ts';
import { foldOutside, registrableDomain } from './fold-outside.ts';
import { nodeOfId } from './node-id.ts';
import { createPicture } from './picture.ts';

const outside = (name: string, kind = 'name'): MapNode => aNode({ namespace: '', kind, name });
const api = aNode();
const to = (node: MapNode, of: Partial<MapEdge> = {}): MapEdge =>
  anEdge({ source: api.id, destination: node.id, ...of });

describe('the picture of the lab', () => {
  const picture = createPicture(mapOf(labWorld(60_000), 0, 60_000, 'workload'));

  test('has a box per namespace and none round the outside', () => {
    expect([...picture.boxes.values()]).toEqual(['production', 'kube-system']);
    const stripe = picture.nodes.get('default//name/payment.stripe.com');
    expect(stripe).toMatchObject({ box: null, isOutside: true, drops: 312, failed: 1 });
  });

  test('marks exactly the edge that is dropped', () => {
    const dropped = [...picture.edges.values()].filter((item) => item.state === 'dropped');
    expect(dropped.map((item) => item.label)).toEqual(['312 dropped']);
  });
});

test('things of a host without Kubernetes share one box', () => {
  const unit = aNode({ namespace: '', kind: 'unit', name: 'nginx.service' });
  const picture = createPicture(mapOf({ nodes: [unit, outside('a.example')], edges: [] }, 0, 1_000, 'workload'));
  expect([...picture.boxes.values()]).toEqual(['this host']);
});

test('an id is taken apart, slashes in the name included', () => {
  expect(nodeOfId('c//address/10.0.0.0/8')).toMatchObject({ namespace: '', kind: 'address', name: '10.0.0.0/8' });
  expect(nodeOfId('nonsense')).toBeNull();
});

describe('many things outside', () => {
  const names = Array.from({ length: 20 }, (_, index) => outside(`s${index}.amazonaws.com`));

  test('are folded by domain, and their edges added up', () => {
    const folded = foldOutside(
      [api, ...names],
      names.map((node) => to(node, { requests: 2, bytesToSource: '10' })),
    );
    expect(folded.nodes.map((node) => node.name)).toEqual(['api', '*.amazonaws.com']);
    expect(folded.edges).toHaveLength(1);
    expect(folded.edges[0]).toMatchObject({ requests: 40, bytesToSource: '200', latencyMs: null });
    expect([...folded.members.values()][0]).toHaveLength(20);
  });

  test('keep a card of their own when they lose packets', () => {
    const edges = names.map((node, index) => to(node, index === 7 ? { drops: 5 } : {}));
    const folded = foldOutside([api, ...names], edges);
    expect(folded.nodes.map((node) => node.name)).toEqual(['api', 's7.amazonaws.com', '*.amazonaws.com']);
  });

  test.each([
    ['a.b.stripe.com', 'stripe.com'],
    ['shop.example.co.uk', 'example.co.uk'],
    ['localhost', 'localhost'],
    ['Stripe.COM.', 'stripe.com'],
  ])('%s belongs to %s', (name, domain) => {
    expect(registrableDomain(name)).toBe(domain);
  });
});

describe('the budget of a map', () => {
  const world = madeUpWorld(500, 0, seeded(500));

  const drops = (edges: readonly MapEdge[]): number => edges.reduce((sum, edge) => sum + edge.drops, 0);

  test('draws what carries least as one card per namespace, never what is dropped, and says so', () => {
    const shown = keepToBudget(world.nodes, world.edges);
    expect(shown.nodes.length).toBeLessThanOrEqual(300);
    expect(drops(shown.edges)).toBe(drops(world.edges));
    expect(shown.notice).toMatch(
      /^\d+ of \d+ services, the rest summed by namespace: [\d.]+ % of bytes, 100 % of drops$/,
    );
    const dropped = world.edges.filter((edge) => edge.drops > 0);
    const own = new Set(shown.nodes.map((node) => node.id));
    expect(dropped.filter((edge) => !own.has(edge.source) || !own.has(edge.destination))).toEqual([]);
  });

  test('a card of a rest stands for exactly the services without a card', () => {
    const shown = keepToBudget(world.nodes, world.edges);
    const own = shown.nodes.filter((node) => node.kind !== 'rest');
    const folded = [...shown.members.values()].flat();
    expect(own.length + folded.length).toBe(world.nodes.length);
    expect(new Set([...own, ...folded].map((node) => node.id)).size).toBe(world.nodes.length);
  });

  test('draws at most 1,500 edges, those with drops first', () => {
    const many = Array.from({ length: 60 }, (_, index) => aNode({ name: `n${index}` }));
    const edges = many.flatMap((source, a) =>
      many
        .slice(0, 40)
        .map((destination, b) =>
          anEdge({ source: source.id, destination: destination.id, drops: a === 59 && b === 39 ? 3 : 0 }),
        ),
    );
    const shown = keepToBudget(many, edges);
    expect(shown.edges).toHaveLength(1_500);
    expect(shown.edges[0]?.drops).toBe(3);
    expect(shown.notice).toMatch(/^60 of 60 services: \d+ % of bytes, 100 % of drops$/);
  });

  test('leaves a small map alone', () => {
    expect(keepToBudget([api], []).notice).toBeNull();
  });
});

describe('a picture that is compared', () => {
  const [web, cache] = [aNode({ name: 'web' }), aNode({ name: 'cache' })];
  const stays = anEdge({ source: web.id, destination: api.id });
  const gone = aChange('gone', 'api', 'cache');
  const response: MapResponse = {
    range: { fromMs: 0, toMs: 60_000 },
    grouping: 'workload',
    filter: '',
    nodes: [web, api],
    edges: [stays],
    evidence: aDiff().evidence,
  };

  test('also draws what is gone, and adds nothing of it to what is there', () => {
    const diff = aDiff({ edges: [gone], nodes: [{ change: 'gone', node: cache }] });
    const picture = createPicture(response, diff);
    expect(picture.nodes.get(cache.id)).toMatchObject({ change: 'gone', box: 'default/production' });
    expect(picture.edges.get(gone.id)).toMatchObject({ label: 'gone', mark: { change: 'gone' } });
    expect(picture.nodes.get(api.id)?.rates).toBe(createPicture(response).nodes.get(api.id)?.rates);
    expect(picture.edges.get(stays.id)?.mark).toBeNull();
  });

  test('does not call gone what a newer answer has again', () => {
    const back = { ...response, nodes: [web, api, cache], edges: [stays, anEdge({ ...gone.gone })] };
    const picture = createPicture(back, aDiff({ edges: [gone], nodes: [{ change: 'gone', node: cache }] }));
    expect(picture.nodes.get(cache.id)?.change).toBeNull();
    expect(picture.edges.get(gone.id)?.mark).toBeNull();
  });
});

test('what changed keeps its card and its edge on a map that is too much', () => {
  const crowd = Array.from({ length: 400 }, (_, at) => aNode({ name: `busy-${at}` }));
  const quiet = aNode({ name: 'quiet' });
  const edges = crowd.map((node) => to(node, { bytesToSource: '900000' }));
  const change = to(quiet, { bytesToDestination: '1', bytesToSource: '1' });
  const all = [api, ...crowd, quiet];
  expect(keepToBudget(all, [...edges, change]).nodes.some(({ id }) => id === quiet.id)).toBe(false);
  const kept = keepToBudget(all, [...edges, change], new Set([change.id]));
  expect(kept.nodes.some(({ id }) => id === quiet.id)).toBe(true);
  expect(kept.edges.some(({ id }) => id === change.id)).toBe(true);
});
