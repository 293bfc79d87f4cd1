/** What a panel says when it has nothing to show: what happened, why, and the way out. */
import type { ReactNode } from 'react';

import { Button } from './button.tsx';

interface MessageProps {
  readonly title: string;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
  readonly isProblem?: boolean;
}

export function Message({ title, children, actions, isProblem = false }: MessageProps): ReactNode {
  return (
    <div className="flex h-full items-center justify-center p-6" role={isProblem ? 'alert' : 'status'}>
      <div className="max-w-md">
        <p className="text-base font-semibold">{title}</p>
        {children !== undefined && <div className="mt-1 text-ink-soft">{children}</div>}
        {actions !== undefined && <div className="mt-3 flex gap-2">{actions}</div>}
      </div>
    </div>
  );
}

export function Problem({ title, error, onRetry }: { title: string; error: Error; onRetry: () => void }): ReactNode {
  return (
    <Message title={title} isProblem actions={<Button onClick={onRetry}>Retry</Button>}>
      {error.message}
    </Message>
  );
}
