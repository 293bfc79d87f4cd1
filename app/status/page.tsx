/** `/status`: how the stack stands. */
import type { Metadata } from 'next';
import type { ReactNode } from 'react';

import { StatusView } from '../_features/status/status-view.tsx';

export const metadata: Metadata = { title: 'Status' };

export default function StatusPage(): ReactNode {
  return <StatusView />;
}
