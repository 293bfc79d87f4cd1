/**
 * Keeps what we store to a share of the room that there is for it: what it takes and what is free on its disk. Others may
 * fill that disk; then the room shrinks, and the oldest days of flows go. What flows added up to stays, and so does the newest day.
 */
import type { FlowStorage, Partition } from '../queries/storage.ts';

/** The partitions of `flows` that have to go, oldest first. `percent` 0 lets everything stay. */
export function partitionsToDrop({ disk, flowPartitions }: FlowStorage, percent: number): readonly Partition[] {
  if (percent === 0 || disk === null) return [];
  // What was dropped a moment ago may still lie on the disk: it is room already, or more than needed would go.
  const room = disk.occupiedBytes + disk.freeBytes;
  let excess = disk.usedBytes - Math.floor((room * percent) / 100);
  const dropped: Partition[] = [];
  for (const partition of flowPartitions.slice(0, -1)) {
    if (excess <= 0) break;
    dropped.push(partition);
    excess -= partition.bytes;
  }
  return dropped;
}
