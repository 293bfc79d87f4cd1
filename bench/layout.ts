/**
 * `npm run bench:layout`: time, crossings and edge length of the map's own layout beside elkjs' layered one, on made-up
 * clusters small enough for elkjs, and its time alone on the largest map that is drawn. Prints; judges nothing.
 */
import ELK, { type ElkExtendedEdge, type ElkNode, type ElkPoint } from 'elkjs/lib/elk.bundled.js';

import type { LayoutEdge, LayoutNode } from '../app/_viz/layout/graph.ts';
import { layoutMap } from '../app/_viz/layout/layout-map.ts';
import { metrics } from '../app/_viz/layout/metrics.ts';
import { pointsOf } from '../app/_viz/layout/route-edges.ts';
import { madeUpWorld, seeded } from '../app/testing/fixture-data.ts';
import { countCrossings, meanLength, type DrawnEdge } from './crossings.ts';
import { createRandom, pick } from './random.ts';
import { formatTable, type Measure } from './table.ts';

interface Sample {
  readonly nodes: readonly LayoutNode[];
  readonly edges: readonly LayoutEdge[];
}

const seeds = [1, 2, 3, 4, 5];
const comparedServices = [20, 50, 100];

function cluster(services: number, seed: number): Sample {
  const world = madeUpWorld(services, 0, seeded(seed * 7919));
  const isOutside = (id: string): boolean => id.includes('//');
  return {
    nodes: world.nodes.map(({ id, namespace }) => ({ id, box: namespace || null, outside: isOutside(id) })),
    edges: world.edges.map(({ id, source, destination, connections }) => ({
      id,
      source,
      destination,
      weight: 1 + Math.log1p(connections),
    })),
  };
}

/** As many cards and edges as a map may have, with few callees that everything calls. */
function fullMap(seed: number): Sample {
  const random = createRandom(seed);
  const nodes = Array.from({ length: 300 }, (_, at) => ({ id: `n${at}`, box: `box-${at % 25}`, outside: false }));
  const edges = new Map<string, LayoutEdge>();
  while (edges.size < 1_500) {
    const source = pick(nodes, random).id;
    const destination = nodes[Math.floor(random() ** 2 * nodes.length)]?.id ?? source;
    const id = `${source}>${destination}`;
    edges.set(id, { id, source, destination, weight: 1 + random() * 9 });
  }
  return { nodes, edges: [...edges.values()] };
}

interface Drawn {
  readonly ms: number;
  readonly edges: readonly DrawnEdge[];
  /** The same edges as straight lines from card to card: what the placement alone is worth. */
  readonly straight: readonly DrawnEdge[];
  readonly megapixels: number;
}

interface Corner {
  readonly x: number;
  readonly y: number;
}

function straighten(edges: readonly LayoutEdge[], cornerOf: (id: string) => Corner | undefined): DrawnEdge[] {
  return edges.map((edge) => {
    const source = cornerOf(edge.source) ?? { x: 0, y: 0 };
    const destination = cornerOf(edge.destination) ?? { x: 0, y: 0 };
    return { ...edge, line: [{ x: source.x + metrics.cardWidth, y: source.y }, destination] };
  });
}

function drawOurs({ nodes, edges }: Sample): Drawn {
  layoutMap(nodes, edges);
  const startedMs = performance.now();
  const { routes, cards, bounds } = layoutMap(nodes, edges);
  const ms = performance.now() - startedMs;
  return {
    ms,
    edges: edges.map((edge) => ({ ...edge, line: pointsOf(routes.get(edge.id)) })),
    straight: straighten(edges, (id) => cards.get(id)),
    megapixels: (bounds.width * bounds.height) / 1e6,
  };
}

async function drawElk({ nodes, edges }: Sample): Promise<Drawn> {
  const elk = new ELK();
  await elk.layout(elkGraph(nodes.slice(0, 2), []));
  const startedMs = performance.now();
  const laid = await elk.layout(elkGraph(nodes, edges));
  const ms = performance.now() - startedMs;
  const lines = new Map((laid.edges ?? []).map((edge) => [edge.id, lineOf(edge)]));
  const corners = new Map(cornersOf(laid));
  return {
    ms,
    edges: edges.map((edge) => ({ ...edge, line: lines.get(edge.id) ?? [] })),
    straight: straighten(edges, (id) => corners.get(id)),
    megapixels: ((laid.width ?? 0) * (laid.height ?? 0)) / 1e6,
  };
}

function cornersOf(node: ElkNode): [string, Corner][] {
  return [[node.id, { x: node.x ?? 0, y: node.y ?? 0 }], ...(node.children ?? []).flatMap(cornersOf)];
}

function elkGraph(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[]): ElkNode {
  const card = ({ id }: LayoutNode): ElkNode => ({ id, width: metrics.cardWidth, height: metrics.cardHeight });
  const boxes = [...new Set(nodes.flatMap((node) => node.box ?? []))];
  return {
    id: 'root',
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': 'RIGHT',
      'elk.edgeRouting': 'POLYLINE',
      'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
      'elk.json.edgeCoords': 'ROOT',
      'elk.json.shapeCoords': 'ROOT',
      'elk.spacing.nodeNode': String(metrics.rowGap),
      'elk.layered.spacing.nodeNodeBetweenLayers': String(metrics.columnGap),
      'elk.randomSeed': '1',
    },
    children: [
      ...boxes.map((box) => ({ id: `box ${box}`, children: nodes.filter((node) => node.box === box).map(card) })),
      ...nodes.filter((node) => node.box === null).map(card),
    ],
    edges: edges.map(({ id, source, destination }) => ({ id, sources: [source], targets: [destination] })),
  };
}

function lineOf({ sections = [] }: ElkExtendedEdge): ElkPoint[] {
  return sections.flatMap((section) => [section.startPoint, ...(section.bendPoints ?? []), section.endPoint]);
}

async function compare(services: number): Promise<readonly Measure[]> {
  const ours: Drawn[] = [];
  const elk: Drawn[] = [];
  for (const seed of seeds) {
    const sample = cluster(services, seed);
    ours.push(drawOurs(sample));
    elk.push(await drawElk(sample));
  }
  const pair = (what: string, unit: string, of: (drawn: Drawn) => number): Measure[] => [
    { name: `${services} services, ${what}: elkjs layered`, unit, values: elk.map(of) },
    { name: `${services} services, ${what}: ours`, unit, values: ours.map(of), baseline: elk.map(of) },
  ];
  return [
    ...pair('time', 'ms', ({ ms }) => ms),
    ...pair('crossings, straight', 'pairs', ({ straight }) => countCrossings(straight)),
    ...pair('crossings, as drawn', 'pairs', ({ edges }) => countCrossings(edges)),
    ...pair('mean edge length', 'px', ({ edges }) => meanLength(edges)),
    ...pair('area', 'Mpx', ({ megapixels }) => megapixels),
  ];
}

const measures: Measure[] = [];
for (const services of comparedServices) measures.push(...(await compare(services)));
const full = seeds.map((seed) => drawOurs(fullMap(seed)));
measures.push({ name: '300 cards, 1,500 edges, time: ours', unit: 'ms', values: full.map(({ ms }) => ms) });
console.log(formatTable(measures));
