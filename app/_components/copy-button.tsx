/** Copies a text and says so for two seconds. */
'use client';

import { Check, Copy, X } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';

import { Button } from './button.tsx';
import { copyText } from './copy-text.ts';

type Outcome = 'none' | 'copied' | 'refused';

export function CopyButton({ text, what }: { text: string; what: string }): ReactNode {
  const [outcome, setOutcome] = useState<Outcome>('none');
  useEffect(() => {
    if (outcome === 'none') return;
    const timer = setTimeout(() => setOutcome('none'), 2_000);
    return () => clearTimeout(timer);
  }, [outcome]);
  const Icon = outcome === 'copied' ? Check : outcome === 'refused' ? X : Copy;
  const said = { none: `Copy ${what}`, copied: 'Copied', refused: 'The browser refused to copy' }[outcome];
  const copy = (): void => {
    void copyText(text).then((isCopied) => setOutcome(isCopied ? 'copied' : 'refused'));
  };
  return (
    <Button look="ghost" size="icon" aria-label={said} title={said} onClick={copy}>
      <Icon aria-hidden className="size-3.5" />
    </Button>
  );
}
