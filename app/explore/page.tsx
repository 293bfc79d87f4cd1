/** `/explore`: any dimension by any measure over time. */
import type { Metadata } from 'next';
import type { ReactNode } from 'react';

import { ExploreView } from '../_features/explore/explore-view.tsx';

export const metadata: Metadata = { title: 'Explore' };

export default function ExplorePage(): ReactNode {
  return <ExploreView />;
}
