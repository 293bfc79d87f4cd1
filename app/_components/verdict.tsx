/** A verdict as a glyph and a word, so that it reads without colour. */
import {
  ArrowRight,
  CircleHelp,
  CornerUpRight,
  Eye,
  Replace,
  Route,
  TriangleAlert,
  X,
  type LucideIcon,
} from 'lucide-react';
import type { ReactNode } from 'react';

import { classes } from './classes.ts';

const looks: Readonly<Record<string, { icon: LucideIcon; tone: string }>> = {
  FORWARDED: { icon: ArrowRight, tone: 'text-ink-soft' },
  DROPPED: { icon: X, tone: 'font-semibold text-dropped' },
  ERROR: { icon: TriangleAlert, tone: 'font-semibold text-warm' },
  AUDIT: { icon: Eye, tone: 'text-warm' },
  REDIRECTED: { icon: CornerUpRight, tone: 'text-ink-soft' },
  TRACED: { icon: Route, tone: 'text-ink-soft' },
  TRANSLATED: { icon: Replace, tone: 'text-ink-soft' },
};

export function Verdict({ verdict }: { verdict: string }): ReactNode {
  const { icon: Icon, tone } = looks[verdict] ?? { icon: CircleHelp, tone: 'text-ink-faint' };
  return (
    <span className={classes('flex items-center gap-1.5 text-xs', tone)}>
      <Icon aria-hidden className="size-3.5 shrink-0" strokeWidth={verdict === 'DROPPED' ? 3 : 2} />
      {verdict.replace('VERDICT_', '')}
    </span>
  );
}
