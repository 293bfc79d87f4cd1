/** The map's edges as a table, for readers who cannot see it. */
import { memo, type ReactNode } from 'react';

import { formatBytes, formatCount, formatMilliseconds, formatRate } from '../../_viz/format/quantities.ts';
import { protocolLabel } from './edge-facts.ts';
import type { Picture } from './picture.ts';

export const MapTable = memo(function MapTable({ picture }: { picture: Picture }): ReactNode {
  const nameOf = (id: string): string => picture.nodes.get(id)?.node.name ?? id;
  return (
    <table className="sr-only">
      <caption>Who talks to whom</caption>
      <thead>
        <tr>
          {[
            'From',
            'To',
            'Protocol',
            'Requests',
            'p95',
            'Errors',
            'Dropped packets',
            'Bytes sent',
            'Bytes received',
            ...(picture.isCompared ? ['Change'] : []),
          ].map((title) => (
            <th key={title} scope="col">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {[...picture.edges.values()].map(({ edge, mark }) => (
          <tr key={edge.id}>
            <td>{nameOf(edge.source)}</td>
            <td>{nameOf(edge.destination)}</td>
            <td>{protocolLabel(edge)}</td>
            <td>{formatRate(edge.requests, picture.seconds)}</td>
            <td>{edge.latencyMs === null ? '' : formatMilliseconds(edge.latencyMs.p95)}</td>
            <td>{formatCount(edge.errors)}</td>
            <td>{formatCount(edge.drops)}</td>
            <td>{formatBytes(edge.bytesToDestination)}</td>
            <td>{formatBytes(edge.bytesToSource)}</td>
            {picture.isCompared && <td>{mark?.words ?? 'as before'}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
});
