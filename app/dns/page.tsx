/** `/dns`: names that were asked for. */
import type { Metadata } from 'next';
import type { ReactNode } from 'react';

import { DnsView } from '../_features/dns/dns-view.tsx';

export const metadata: Metadata = { title: 'DNS' };

export default function DnsPage(): ReactNode {
  return <DnsView />;
}
