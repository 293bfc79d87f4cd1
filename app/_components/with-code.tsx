/** A sentence whose `back-ticked` parts are commands: set in mono, each with a copy button when asked. */
import { Fragment, type ReactNode } from 'react';

import { CopyButton } from './copy-button.tsx';

export function WithCode({ text, canCopy = false }: { text: string; canCopy?: boolean }): ReactNode {
  return text.split('`').map((part, index) =>
    index % 2 === 0 ? (
      <Fragment key={index}>{part}</Fragment>
    ) : (
      <span key={index} className="inline-flex items-center gap-0.5 align-middle">
        <code className="rounded-sm bg-sunken px-1.5 py-0.5 font-mono text-xs text-ink">{part}</code>
        {canCopy && <CopyButton text={part} what="command" />}
      </span>
    ),
  );
}
