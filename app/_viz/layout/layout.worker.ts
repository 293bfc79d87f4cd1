/** Lays maps out beside the page, so that the page goes on answering the hand. One question, one answer, in order. */
import { layoutMap, type MapLayout } from './layout-map.ts';
import type { LayoutEdge, LayoutNode } from './graph.ts';

export interface LayoutQuestion {
  readonly id: number;
  readonly nodes: readonly LayoutNode[];
  readonly edges: readonly LayoutEdge[];
  readonly places: MapLayout['places'];
  readonly pins: MapLayout['places'];
}

export interface LayoutAnswer {
  readonly id: number;
  readonly layout: MapLayout;
}

// The DOM's types know `self` as a window; here it is a worker's scope.
const scope = self as unknown as {
  onmessage: ((event: MessageEvent<LayoutQuestion>) => void) | null;
  postMessage(answer: LayoutAnswer, transfer: Transferable[]): void;
};

scope.onmessage = ({ data: { id, nodes, edges, places, pins } }) => {
  const layout = layoutMap(nodes, edges, places, pins);
  scope.postMessage(
    { id, layout },
    [...layout.routes.values()].map(({ samples }) => samples.buffer),
  );
};
