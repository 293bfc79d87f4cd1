/** `/flows`: the flow table. */
import type { Metadata } from 'next';
import type { ReactNode } from 'react';

import { FlowsView } from '../_features/flows/flows-view.tsx';

export const metadata: Metadata = { title: 'Flows' };

export default function FlowsPage(): ReactNode {
  return <FlowsView />;
}
