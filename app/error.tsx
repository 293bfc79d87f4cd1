/** A view broke: the frame stays, the view says so and can be tried again. */
'use client';

import type { ReactNode } from 'react';

import { Problem } from './_components/message.tsx';

export default function ViewError({ error, reset }: { error: Error; reset: () => void }): ReactNode {
  return <Problem title="This view failed" error={error} onRetry={reset} />;
}
