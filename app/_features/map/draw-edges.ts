/** Draws the map's edges into a canvas, calm ones first, for one state of pan and zoom. What is out of sight is skipped. */
import type { Change, EdgeMark } from '../compare/change-marks.ts';
import type { MapLayout } from '../../_viz/layout/layout-map.ts';
import type { Route } from '../../_viz/layout/route-edges.ts';
import type { EdgeState } from './edge-facts.ts';
import type { PictureEdge } from './picture.ts';

export interface View {
  readonly x: number;
  readonly y: number;
  readonly k: number;
}

/** Colours as the theme resolves them. */
export interface EdgePalette {
  readonly tone: Readonly<Record<EdgeState, string>>;
  readonly calm: string;
  readonly dimmed: Readonly<Record<EdgeState, string>>;
  readonly change: Readonly<Record<Change, string>>;
  readonly mark: string;
  readonly paper: string;
}

export interface DrawnEdge extends PictureEdge {
  readonly route: Route;
  readonly shape: Path2D;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** From here on, calm edges step back so that the others show. */
export const denseFrom = 120;
const drawOrder = { plain: 0, marked: 1, warm: 2, dropped: 3 };
export const crossPath = 'M-4,-4L4,4M-4,4L4,-4';
/** The middle is left to the words. */
const crossShares: Readonly<Partial<Record<EdgeState, readonly number[]>>> = {
  dropped: [0.22, 0.78],
  marked: [0.5],
};

/** Where on the curve it says that it is new, gone or changed. */
export const changeShare = 0.36;
/** Strokes of the sign in a circle of radius 7: a plus, a minus, a triangle up or down. */
export function changeSign({ change, trend }: EdgeMark): string {
  if (change === 'new') return 'M-4,0H4M0,-4V4';
  if (change === 'gone') return 'M-4,0H4';
  return trend === 'less' ? 'M-3.5,-2.5H3.5L0,3.5Z' : 'M-3.5,2.5H3.5L0,-3.5Z';
}
/** What is gone is dotted, what is dropped dashed. */
export function dashOf({ state, mark }: PictureEdge): readonly number[] {
  if (mark?.change === 'gone') return [1.5, 4.5];
  return state === 'dropped' ? [7, 5] : [];
}
/** What is gone drops nothing any more. */
export const crossesOf = ({ state, mark }: PictureEdge): readonly number[] =>
  mark?.change === 'gone' ? [] : (crossShares[state] ?? []);

export function prepareEdges(edges: Iterable<PictureEdge>, layout: MapLayout): readonly DrawnEdge[] {
  const prepared: DrawnEdge[] = [];
  for (const item of edges) {
    const route = layout.routes.get(item.edge.id);
    if (route === undefined) continue;
    const extent = { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity };
    for (let at = 0; at < route.samples.length; at += 2) {
      const [x, y] = [route.samples[at] ?? 0, route.samples[at + 1] ?? 0];
      extent.left = Math.min(extent.left, x);
      extent.right = Math.max(extent.right, x);
      extent.top = Math.min(extent.top, y);
      extent.bottom = Math.max(extent.bottom, y);
    }
    prepared.push({ ...item, ...extent, route, shape: new Path2D(route.path) });
  }
  const rank = ({ state, mark }: PictureEdge): number =>
    mark === null ? drawOrder[state] : mark.change === 'gone' ? 4 : drawOrder[state] + 5;
  return prepared.sort((a, b) => rank(a) - rank(b));
}

interface Paper {
  readonly context: CanvasRenderingContext2D;
  /** Of the canvas, in CSS pixels. */
  readonly width: number;
  readonly height: number;
  readonly density: number;
}

/** `kept` names the edges that stay bright; null keeps all. */
export function drawEdges(
  { context, width, height, density }: Paper,
  edges: readonly DrawnEdge[],
  { x, y, k }: View,
  palette: EdgePalette,
  kept: ReadonlySet<string> | null,
  isCompared: boolean,
): void {
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, width, height);
  context.setTransform(density * k, 0, 0, density * k, density * x, density * y);
  const crossSign = new Path2D(crossPath);
  const isDense = isCompared || edges.length > denseFrom;
  const [left, top, right, bottom] = [-x / k, -y / k, (width - x) / k, (height - y) / k];
  for (const item of edges) {
    if (item.right < left || item.left > right || item.bottom < top || item.top > bottom) continue;
    const isDimmed = kept !== null && !kept.has(item.edge.id);
    const tone = isDimmed ? palette.dimmed[item.state] : toneOf(item, palette, isDense);
    drawEdge(context, item, tone, k);
    const cross = item.state === 'marked' && !isDimmed ? palette.mark : tone;
    for (const share of crossesOf(item)) drawSign(context, pointAt(item.route, share), crossSign, cross, palette.paper);
    if (item.mark === null) continue;
    const sign = new Path2D(changeSign(item.mark));
    drawSign(context, pointAt(item.route, changeShare), sign, tone, palette.paper);
  }
}

/** A failing edge keeps its colour, whatever else became of it. */
export function toneOf({ state, mark }: PictureEdge, palette: EdgePalette, isDense: boolean): string {
  if (mark !== null && (mark.change === 'gone' || state === 'plain')) return palette.change[mark.change];
  return isDense && mark === null && state === 'plain' ? palette.calm : palette.tone[state];
}

function drawEdge(context: CanvasRenderingContext2D, item: DrawnEdge, tone: string, k: number): void {
  const { tip, enters } = item.route;
  context.strokeStyle = tone;
  context.fillStyle = tone;
  // Far away a line thinner than a pixel would vanish.
  context.lineWidth = Math.max(item.width, 0.75 / k);
  context.setLineDash([...dashOf(item)]);
  context.stroke(item.shape);
  context.beginPath();
  context.moveTo(tip.x, tip.y);
  context.lineTo(tip.x - (enters === 'right' ? 8 : 4.5), tip.y + (enters === 'right' ? -4.5 : 8));
  context.lineTo(tip.x + (enters === 'right' ? -8 : 4.5), tip.y + (enters === 'right' ? 4.5 : 8));
  context.closePath();
  context.fill();
}

function drawSign(
  context: CanvasRenderingContext2D,
  at: { x: number; y: number },
  sign: Path2D,
  tone: string,
  paper: string,
): void {
  context.save();
  context.translate(at.x, at.y);
  context.setLineDash([]);
  context.fillStyle = paper;
  context.beginPath();
  context.arc(0, 0, 7, 0, 2 * Math.PI);
  context.fill();
  context.strokeStyle = tone;
  context.lineWidth = 2.25;
  context.lineCap = 'round';
  context.stroke(sign);
  context.restore();
}

/** The point at this share of the curve's samples. */
export function pointAt({ samples }: Route, share: number): { x: number; y: number } {
  const at = 2 * Math.round((samples.length / 2 - 1) * share);
  return { x: samples[at] ?? 0, y: samples[at + 1] ?? 0 };
}
