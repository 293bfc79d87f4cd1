/** `/`: the service map. */
import type { Metadata } from 'next';
import type { ReactNode } from 'react';

import { MapView } from './_features/map/map-view.tsx';

export const metadata: Metadata = { title: 'Map' };

export default function MapPage(): ReactNode {
  return <MapView />;
}
