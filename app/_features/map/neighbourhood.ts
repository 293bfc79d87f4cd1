/** What belongs to a card or an edge at a glance: everything a card touches, or an edge with its two ends. */
import type { Picture } from './picture.ts';
import type { Focus } from './walk.ts';

export interface Neighbourhood {
  readonly nodes: ReadonlySet<string>;
  readonly edges: ReadonlySet<string>;
}

export function neighbourhood(focus: Focus | null, picture: Picture): Neighbourhood | null {
  if (focus === null) return null;
  const touching = [...picture.edges.values()].filter(({ edge }) =>
    focus.kind === 'edge' ? edge.id === focus.id : edge.source === focus.id || edge.destination === focus.id,
  );
  return {
    nodes: new Set([
      ...(focus.kind === 'node' ? [focus.id] : []),
      ...touching.flatMap(({ edge }) => [edge.source, edge.destination]),
    ]),
    edges: new Set(touching.map(({ edge }) => edge.id)),
  };
}
