/** A share in a table cell: quiet at zero, warm when it is worth a look, its count on hover. */
import type { ReactNode } from 'react';

import { classes } from '../../_components/classes.ts';
import { formatShare, plural } from '../../_viz/format/quantities.ts';

interface ShareCellProps {
  readonly count: number;
  readonly of: number;
  readonly what: string;
  readonly isTrouble?: boolean;
}

export function ShareCell({ count, of, what, isTrouble = true }: ShareCellProps): ReactNode {
  return (
    <span
      title={`${plural(count, what)} of ${of}`}
      className={classes(count === 0 ? 'text-ink-faint' : isTrouble ? 'font-medium text-warm' : 'text-ink-soft')}
    >
      {formatShare(count, of)}
    </span>
  );
}
