/** The glyph of a kind of thing on the map. */
import {
  AppWindow,
  Box,
  Boxes,
  CircleDot,
  Clock,
  Cog,
  Container,
  Database,
  Globe,
  Grid2x2,
  Hash,
  Network,
  Server,
  SquareDashed,
  type LucideIcon,
} from 'lucide-react';
import type { ReactNode } from 'react';

const icons: Readonly<Record<string, LucideIcon>> = {
  Deployment: Boxes,
  ReplicaSet: Boxes,
  StatefulSet: Database,
  DaemonSet: Grid2x2,
  Job: Clock,
  CronJob: Clock,
  Pod: CircleDot,
  Namespace: SquareDashed,
  rest: SquareDashed,
  container: Container,
  unit: Cog,
  process: AppWindow,
  netns: Network,
  host: Server,
  name: Globe,
  domain: Globe,
  address: Hash,
  addresses: Hash,
};

export function KindIcon({ kind, className }: { kind: string; className?: string }): ReactNode {
  const Icon = icons[kind] ?? Box;
  return <Icon aria-hidden className={className} strokeWidth={1.75} />;
}
