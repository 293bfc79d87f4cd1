/** `/drops`: the inbox of what was dropped and what failed to connect. */
import type { Metadata } from 'next';
import type { ReactNode } from 'react';

import { DropsView } from '../_features/drops/drops-view.tsx';

export const metadata: Metadata = { title: 'Drops' };

export default function DropsPage(): ReactNode {
  return <DropsView />;
}
