// @vitest-environment jsdom
import { describe, expect, test } from 'vitest';

import type { MapResponse } from '../../../model/api.ts';
import { layoutMap } from '../../_viz/layout/layout-map.ts';
import { aChange, aDiff } from '../../testing/diff.fixture.ts';
import { labWorld, mapOf } from '../../testing/fixture-data.ts';
import { aNode, anEdge } from '../../testing/map.fixture.ts';
import { captionOf } from './map-caption.ts';
import { mapJson } from './map-json.ts';
import { escaped, fitted, mapSvg, type SvgContext } from './map-svg.ts';
import { createPicture, type Picture } from './picture.ts';

const tones = { plain: '#111111', warm: '#222222', marked: '#333333', dropped: '#444444' };
const context: SvgContext = {
  palette: {
    edges: {
      tone: tones,
      dimmed: tones,
      change: { new: '#555555', gone: '#666666', changed: '#777777' },
      calm: '#888888',
      mark: '#999999',
      paper: '#ffffff',
    },
    ink: {
      canvas: '#ffffff',
      raised: '#ffffff',
      'line-strong': '#aaaaaa',
      box: '#eeeeee',
      'box-line': '#dddddd',
      ink: '#000000',
      'ink-soft': '#202020',
      'ink-faint': '#404040',
      accent: '#0000ff',
      dropped: '#ff0000',
      'edge-warm': '#ff8800',
    },
  },
  widthOf: (words, size) => words.length * size * 0.55,
  glyphs: new Map([['Deployment', '<path d="M1,1h2"/>']]),
};

const layoutOf = ({ nodes, edges }: Picture) =>
  layoutMap(
    [...nodes.values()].map(({ node, box, isOutside }) => ({ id: node.id, box, outside: isOutside })),
    [...edges.values()].map(({ edge }) => ({ ...edge, weight: 1 })),
  );
function drawn(picture: Picture, caption: readonly string[] = []): Document {
  const svg = mapSvg(picture, layoutOf(picture), 'Service map', caption, context);
  return new DOMParser().parseFromString(svg, 'image/svg+xml');
}
const lab = mapOf(labWorld(60_000), 0, 60_000, 'workload');
const texts = (document: Document): string[] => [...document.querySelectorAll('text')].map((item) => item.textContent);

describe('the map as SVG', () => {
  test('has every card by name and every edge, its drops dashed and crossed', () => {
    const picture = createPicture(lab);
    const document = drawn(picture);
    const titles = [...document.querySelectorAll('g > title')].map((title) => title.textContent);
    for (const { node } of picture.nodes.values()) expect(titles).toContain(`${node.kind} ${node.name}`);
    expect(texts(document)).toEqual(expect.arrayContaining(['frontend', 'api', 'postgres']));
    expect(titles.filter((title) => title.includes(' → '))).toHaveLength(picture.edges.size);
    const dropped = [...document.querySelectorAll('g')].find((group) =>
      group.querySelector(':scope > title')?.textContent.startsWith('api → payment.stripe.com'),
    );
    expect(dropped?.querySelector('path')?.getAttribute('stroke-dasharray')).toBe('7 5');
    expect(dropped?.querySelectorAll('circle')).toHaveLength(2);
  });

  test('needs nothing from elsewhere', () => {
    const svg = mapSvg(createPicture(lab), layoutOf(createPicture(lab)), 'Service map', ['one'], context);
    expect(svg).not.toMatch(/href|url\(|class=|style|var\(|oklch|<image|<script/);
  });

  test('says in itself of when and of what it is', () => {
    const about = { response: { ...lab, filter: 'ns:"a<b"' }, before: { fromMs: 0, toMs: 1000 }, zone: 'utc' as const };
    const picture = createPicture(lab);
    const caption = captionOf(about, picture);
    expect(caption).toEqual([
      '1 Jan 00:00:00 – 1 Jan 00:01:00 UTC',
      'Compared with 1 Jan 00:00:00 – 1 Jan 00:00:01',
      'Filter: ns:"a<b"',
      `Everything by workload: ${picture.nodes.size} cards, ${picture.edges.size} edges`,
      expect.stringMatching(/^seen .+, lost .+, gaps .+, nodes \d+$/),
    ]);
    for (const line of caption) expect(texts(drawn(picture, caption))).toContain(line);
  });

  test('breaks a filter that is wider than the picture', () => {
    const filter = Array.from({ length: 60 }, (_, at) => `ns:team-${at}`).join(' ');
    const lines = texts(drawn(createPicture(lab), [filter])).filter((words) => words.includes('team-'));
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.join(' ')).toBe(filter);
  });

  test('tells new and gone apart by sign and stroke, and explains them', () => {
    const gone = aChange('gone', 'api', 'cache');
    const response: MapResponse = {
      ...lab,
      nodes: [aNode()],
      edges: [anEdge({ source: aNode().id, destination: aNode().id })],
    };
    const diff = aDiff({ edges: [gone], nodes: [{ change: 'gone', node: aNode({ name: 'cache' }) }] });
    const document = drawn(createPicture(response, diff));
    expect(document.querySelector('path[stroke-dasharray="1.5 4.5"]')?.getAttribute('stroke')).toBe('#666666');
    expect(texts(document)).toEqual(expect.arrayContaining(['− gone', 'new', 'gone', 'more', 'less', 'as before']));
  });

  test('is well-formed whatever names hold', () => {
    const odd = aNode({ name: 'a<b>&"\u0001' });
    const picture = createPicture({ ...lab, nodes: [odd], edges: [] });
    const document = drawn(picture);
    expect(document.querySelector('parsererror')).toBeNull();
    expect(texts(document)).toContain('a<b>&"\uFFFD');
    expect(escaped('\uD800')).toBe('\uFFFD');
  });
});

test('a name that does not fit loses its middle', () => {
  const widthOf = (words: string): number => words.length;
  expect(fitted('short', 10, widthOf)).toBe('short');
  expect(fitted('payments-worker-6f4c8d', 12, widthOf)).toBe('paymen…f4c8d');
});

test('the map as JSON has the question, and every card and edge with its place', () => {
  const picture = createPicture(lab);
  const layout = layoutOf(picture);
  const json: unknown = JSON.parse(mapJson({ response: lab, before: null, zone: 'utc' }, picture, layout));
  const api = layout.cards.get('default/production/Deployment/api');
  expect(json).toMatchObject({
    query: { path: '/api/v1/map', from: 0, to: 60_000, filter: '', grouping: 'workload' },
    nodes: expect.arrayContaining([
      expect.objectContaining({ name: 'api', box: 'default/production', position: { ...api } }),
    ]),
    edges: expect.arrayContaining([
      expect.objectContaining({ destination: 'default//name/payment.stripe.com', state: 'dropped', drops: 312 }),
    ]),
    evidence: lab.evidence,
  });
});
