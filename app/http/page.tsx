/** `/http`: routes of HTTP and gRPC. */
import type { Metadata } from 'next';
import type { ReactNode } from 'react';

import { HttpView } from '../_features/http/http-view.tsx';

export const metadata: Metadata = { title: 'HTTP' };

export default function HttpPage(): ReactNode {
  return <HttpView />;
}
