/** Copies a link to this view; says in place whether it did. */
'use client';

import { Check, Link2, X } from 'lucide-react';
import type { ReactNode } from 'react';

import { Button } from '../../_components/button.tsx';
import type { CopyLink } from './use-copy-link.ts';

const looks = {
  none: { Icon: Link2, says: '' },
  copied: { Icon: Check, says: 'Link copied' },
  refused: { Icon: X, says: 'The browser refused to copy: take the address' },
} as const;

export function LinkButton({ outcome, copy }: CopyLink): ReactNode {
  const { Icon, says } = looks[outcome];
  return (
    <>
      <span role="status" className="text-xs text-ink-soft">
        {says}
      </span>
      <Button look="ghost" size="icon" aria-label="Copy link" title="Copy a link to this view  y" onClick={copy}>
        <Icon aria-hidden className="size-4" />
      </Button>
    </>
  );
}
