/** The filter for the flows of what is selected, from the ids in the URL alone: it needs no map. */
import { edgeFilter, nodeFilter } from '../filter/filter-text.ts';
import { nodeOfId } from '../map/node-id.ts';
import type { Selection } from '../url/investigation.ts';

export function selectionFilter(selection: Selection | null): string {
  if (selection === null) return '';
  if (selection.kind === 'node') {
    const node = nodeOfId(selection.id);
    return node === null ? '' : nodeFilter(node);
  }
  const source = nodeOfId(selection.source);
  const destination = nodeOfId(selection.destination);
  return source === null || destination === null ? '' : edgeFilter(source, destination);
}

/** "api" or "api → payment.stripe.com". */
export function selectionWords(selection: Selection): string {
  const nameOf = (id: string): string => nodeOfId(id)?.name ?? id;
  return selection.kind === 'node'
    ? nameOf(selection.id)
    : `${nameOf(selection.source)} → ${nameOf(selection.destination)}`;
}
