/** The zone that times are written in: the reader's, or UTC on demand. */
'use client';

import type { Zone } from '../../_viz/format/time.ts';
import { useStored } from '../../_components/stored.ts';

export function useZone(): readonly [Zone, (zone: Zone) => void] {
  const [stored, store] = useStored('zone', 'local');
  return [stored === 'utc' ? 'utc' : 'local', store];
}
