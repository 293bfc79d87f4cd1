/**
 * The map as one SVG that needs nothing else: no font file, no style sheet, colours written out. Pure: whoever calls it
 * brings the colours and knows how wide a text is.
 */
import type { MapLayout } from '../../_viz/layout/layout-map.ts';
import type { Rect } from '../../_viz/layout/metrics.ts';
import type { Point, Route } from '../../_viz/layout/route-edges.ts';
import { formatCompact } from '../../_viz/format/quantities.ts';
import {
  changeShare,
  changeSign,
  crossesOf,
  crossPath,
  dashOf,
  denseFrom,
  pointAt,
  toneOf,
  type EdgePalette,
} from './draw-edges.ts';
import { labelRise, placeLabels } from './place-labels.ts';
import type { Picture, PictureEdge, PictureNode } from './picture.ts';

/** Tokens of the console that the drawing uses. */
export type Ink =
  | 'canvas'
  | 'raised'
  | 'line-strong'
  | 'box'
  | 'box-line'
  | 'ink'
  | 'ink-soft'
  | 'ink-faint'
  | 'accent'
  | 'dropped'
  | 'edge-warm';

export interface SvgPalette {
  readonly edges: EdgePalette;
  readonly ink: Readonly<Record<Ink, string>>;
}

export interface SvgContext {
  readonly palette: SvgPalette;
  /** Width of a text in the font that the picture names. */
  readonly widthOf: (text: string, size: number, isBold: boolean) => number;
  /** The glyph of a kind, as the inside of an SVG of 24 by 24. */
  readonly glyphs: ReadonlyMap<string, string>;
}

export const fontFamily = 'system-ui, sans-serif';

const margin = 24;
const lineHeight = 18;
const titleHeight = 30;
const least = 640;

export function mapSvg(
  picture: Picture,
  layout: MapLayout,
  title: string,
  caption: readonly string[],
  context: SvgContext,
): string {
  const { ink } = context.palette;
  const width = Math.ceil(Math.max(least, layout.bounds.width) + 2 * margin);
  const lines = caption.flatMap((line) => wrapped(line, width - 2 * margin, context));
  const head = margin + titleHeight + lines.length * lineHeight + 12;
  const height = Math.ceil(head + layout.bounds.height + 2 * margin + lineHeight);
  const shift = { x: Math.round(margin - layout.bounds.x), y: Math.round(head - layout.bounds.y) };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${fontFamily}">`,
    `<title>${escaped(title)}</title><desc>${escaped(caption.join('. '))}</desc>`,
    `<rect width="${width}" height="${height}" fill="${ink.canvas}"/>`,
    text({ x: margin, y: margin + 16 }, title, { size: 18, fill: ink.ink, isBold: true }),
    ...lines.map((line, at) =>
      text({ x: margin, y: margin + titleHeight + 12 + at * lineHeight }, line, { size: 12, fill: ink['ink-soft'] }),
    ),
    `<g transform="translate(${shift.x} ${shift.y})">`,
    ...[...layout.boxes].map(([id, rect]) => boxSvg(rect, picture.boxes.get(id) ?? '', context)),
    ...edgesSvg(picture, layout, context.palette),
    ...[...picture.nodes.values()].map((item) => cardSvg(item, layout.cards.get(item.node.id), context)),
    ...labelsSvg(picture, layout, context.palette),
    '</g>',
    legendSvg(picture, { x: margin, y: height - margin }, context),
    '</svg>',
  ].join('\n');
}

function boxSvg(rect: Rect, name: string, { palette: { ink }, widthOf }: SvgContext): string {
  const title = fitted(name, rect.width - 32, (part) => widthOf(part, 12, false));
  return (
    rectSvg(rect, { fill: ink.box, stroke: ink['box-line'] }) +
    text({ x: rect.x + 16, y: rect.y + 20 }, title, { size: 12, fill: ink['ink-faint'] })
  );
}

function edgesSvg(picture: Picture, layout: MapLayout, { edges: palette }: SvgPalette): string[] {
  const isDense = picture.isCompared || picture.edges.size > denseFrom;
  const order = { plain: 0, marked: 1, warm: 2, dropped: 3 };
  const rank = ({ state, mark }: PictureEdge): number => order[state] + (mark === null ? 0 : 4);
  return [...picture.edges.values()]
    .sort((a, b) => rank(a) - rank(b))
    .flatMap((item) => {
      const route = layout.routes.get(item.edge.id);
      return route === undefined ? [] : [edgeSvg(item, route, toneOf(item, palette, isDense), palette)];
    });
}

function edgeSvg(item: PictureEdge, route: Route, tone: string, palette: EdgePalette): string {
  const { tip, enters, path } = route;
  const arrow = enters === 'right' ? 'l-8,-4.5v9z' : 'l-4.5,8h9z';
  const dash = dashOf(item);
  const names = item.edge.id.split('>').map((id) => id.split('/').slice(3).join('/'));
  return [
    `<g><title>${escaped(`${names.join(' → ')}: ${item.label}`)}</title>`,
    `<path d="${path}" fill="none" stroke="${tone}" stroke-width="${item.width}"${dash.length === 0 ? '' : ` stroke-dasharray="${dash.join(' ')}"`}/>`,
    `<path d="M${tip.x},${tip.y}${arrow}" fill="${tone}"/>`,
    ...crossesOf(item).map((share) =>
      signSvg(pointAt(route, share), crossPath, item.state === 'marked' ? palette.mark : tone, palette.paper),
    ),
    ...(item.mark === null ? [] : [signSvg(pointAt(route, changeShare), changeSign(item.mark), tone, palette.paper)]),
    '</g>',
  ].join('');
}

const signSvg = ({ x, y }: Point, path: string, tone: string, paper: string): string =>
  `<g transform="translate(${round(x)} ${round(y)})"><circle r="7" fill="${paper}"/><path d="${path}" fill="none" stroke="${tone}" stroke-width="2.25" stroke-linecap="round"/></g>`;

function cardSvg(item: PictureNode, rect: Rect | undefined, context: SvgContext): string {
  if (rect === undefined) return '';
  const { palette, widthOf, glyphs } = context;
  const { ink } = palette;
  const isGone = item.change === 'gone';
  const room = rect.width - 42;
  const glyph = glyphs.get(item.node.kind);
  const name = fitted(item.node.name, room, (part) => widthOf(part, 13, true));
  const rates = fitted(item.rates, room, (part) => widthOf(part, 11, false));
  const outline = {
    fill: isGone ? ink.canvas : ink.raised,
    stroke: item.change === 'new' ? ink.accent : ink['line-strong'],
    dash: isGone ? '1.5 3' : item.isOutside ? '4 3' : '',
  };
  const failing = Math.max(0.12, Math.min(1, item.failed)) * rect.height;
  return [
    `<g><title>${escaped(`${item.node.kind} ${item.node.name}`)}</title>`,
    rectSvg(rect, outline),
    item.failed > 0 && !isGone
      ? `<rect x="${rect.x}" y="${round(rect.y + rect.height - failing)}" width="4" height="${round(failing)}" fill="${item.drops > 0 ? ink.dropped : ink['edge-warm']}"/>`
      : '',
    glyph === undefined
      ? ''
      : `<svg x="${rect.x + 12}" y="${rect.y + 16}" width="16" height="16" viewBox="0 0 24 24" fill="none" stroke="${ink['ink-faint']}" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">${glyph}</svg>`,
    text({ x: rect.x + 34, y: rect.y + 21 }, name, {
      size: 13,
      fill: isGone ? ink['ink-faint'] : ink.ink,
      isBold: true,
    }),
    text({ x: rect.x + 34, y: rect.y + 37 }, rates, { size: 11, fill: ink['ink-faint'] }),
    item.change === null
      ? ''
      : badge(
          { x: rect.x + 8, y: rect.y - 14 },
          `${isGone ? '−' : '+'} ${item.change}`,
          isGone ? ink['ink-soft'] : ink.accent,
          context,
        ),
    item.drops > 0 && !isGone
      ? badge({ x: rect.x + rect.width - 60, y: rect.y - 14 }, `✕ ${formatCompact(item.drops)}`, ink.dropped, context)
      : '',
    '</g>',
  ].join('');
}

function badge(at: Point, words: string, tone: string, { palette: { ink }, widthOf }: SvgContext): string {
  const rect = { ...at, width: widthOf(words, 11, true) + 10, height: 17 };
  return (
    rectSvg(rect, { fill: ink.raised, stroke: tone }) +
    text({ x: at.x + 5, y: at.y + 12.5 }, words, { size: 11, fill: tone, isBold: true })
  );
}

function labelsSvg(picture: Picture, layout: MapLayout, { ink, edges }: SvgPalette): string[] {
  return [...placeLabels(layout, picture)].flatMap(([id, { x, y }]) => {
    const item = picture.edges.get(id);
    if (item === undefined) return [];
    const fill = item.state === 'plain' && item.mark === null ? ink['ink-soft'] : toneOf(item, edges, false);
    return [
      `<text x="${round(x)}" y="${round(y - labelRise + 4)}" font-size="11" text-anchor="middle" fill="${fill}" stroke="${ink.canvas}" stroke-width="3" stroke-linejoin="round" paint-order="stroke">${escaped(item.label)}</text>`,
    ];
  });
}

interface LegendItem {
  readonly name: string;
  readonly tone: string;
  readonly dash: string;
  readonly sign: string | null;
}

function legendSvg(picture: Picture, { x, y }: Point, { palette, widthOf }: SvgContext): string {
  const { edges, ink } = palette;
  const changed = (name: string, change: 'new' | 'gone' | 'changed', trend: 'more' | 'less' | null): LegendItem => ({
    name,
    tone: edges.change[change],
    dash: change === 'gone' ? '1.5 4.5' : '',
    sign: changeSign({ change, trend, words: '' }),
  });
  const items: LegendItem[] = [
    ...(picture.isCompared
      ? [
          changed('new', 'new', null),
          changed('gone', 'gone', null),
          changed('more', 'changed', 'more'),
          changed('less', 'changed', 'less'),
        ]
      : []),
    { name: picture.isCompared ? 'as before' : 'forwarded', tone: edges.tone.plain, dash: '', sign: null },
    { name: 'with errors', tone: edges.tone.warm, dash: '', sign: null },
    { name: 'dropped', tone: edges.tone.dropped, dash: '7 5', sign: crossPath },
  ];
  let left = x;
  return items
    .map(({ name, tone, dash, sign }) => {
      const at = left;
      left += 28 + 6 + widthOf(name, 11, false) + 16;
      return [
        `<path d="M${round(at)},${y - 4}h28" fill="none" stroke="${tone}" stroke-width="2"${dash === '' ? '' : ` stroke-dasharray="${dash}"`}/>`,
        sign === null ? '' : signSvg({ x: at + 14, y: y - 4 }, sign, tone, edges.paper),
        text({ x: at + 34, y }, name, { size: 11, fill: ink['ink-soft'] }),
      ].join('');
    })
    .join('\n');
}

/** As the cards do: what tells names apart is at both ends. */
export function fitted(words: string, room: number, widthOf: (words: string) => number): string {
  if (widthOf(words) <= room) return words;
  for (let kept = words.length - 1; kept > 2; kept--) {
    const tail = Math.min(6, Math.floor(kept / 2));
    const short = `${words.slice(0, kept - tail)}…${words.slice(words.length - tail)}`;
    if (widthOf(short) <= room) return short;
  }
  return '…';
}

/** A filter can be longer than the picture is wide; a word alone never breaks. */
function wrapped(line: string, room: number, { widthOf }: SvgContext): string[] {
  const lines: string[] = [];
  let now = '';
  for (const word of line.split(' ')) {
    const next = now === '' ? word : `${now} ${word}`;
    if (now !== '' && widthOf(next, 12, false) > room) {
      lines.push(now);
      now = word;
    } else now = next;
  }
  return [...lines, now];
}

interface TextLook {
  readonly size: number;
  readonly fill: string;
  readonly isBold?: boolean;
}

const text = ({ x, y }: Point, words: string, { size, fill, isBold = false }: TextLook): string =>
  `<text x="${round(x)}" y="${round(y)}" font-size="${size}"${isBold ? ' font-weight="600"' : ''} fill="${fill}">${escaped(words)}</text>`;

function rectSvg(
  { x, y, width, height }: Rect,
  { fill, stroke, dash = '' }: { readonly fill: string; readonly stroke: string; readonly dash?: string },
): string {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="6" fill="${fill}" stroke="${stroke}"${dash === '' ? '' : ` stroke-dasharray="${dash}"`}/>`;
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** Names come from the network and may hold anything; XML has no place for most control characters. */
export function escaped(words: string): string {
  return words
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;');
}
