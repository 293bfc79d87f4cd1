/** From a pair of ends to the map and to the flows, with range and filter kept. */
'use client';

import Link from 'next/link';
import { useSearchParams } from 'next/navigation';
import type { ReactNode } from 'react';

import { buttonStyle } from '../../_components/button.tsx';
import { parseAsSelection } from '../url/investigation.ts';

interface WaysOnProps {
  readonly source: string;
  readonly destination: string;
  /** Passes the flows behind what is shown. */
  readonly filter: string;
  /** Parameters of the view that is left. */
  readonly without: readonly string[];
}

export function WaysOn({ source, destination, filter, without }: WaysOnProps): ReactNode {
  const search = useSearchParams();
  const withParams = (path: string, changes: Readonly<Record<string, string>>): string => {
    const next = new URLSearchParams(search);
    for (const name of without) next.delete(name);
    for (const [name, value] of Object.entries(changes)) next.set(name, value);
    return `${path}?${next.toString()}`;
  };
  const select = parseAsSelection.serialize({ kind: 'edge', source, destination });
  return (
    <div className="flex gap-2">
      <Link prefetch={false} className={buttonStyle()} href={withParams('/', { select })}>
        Show on the map
      </Link>
      <Link prefetch={false} className={buttonStyle()} href={withParams('/flows', { filter })}>
        All its flows
      </Link>
    </div>
  );
}
