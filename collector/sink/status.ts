/** Writes `node_status` rows: how capture stands on this node and what it lacks. */
import { getSystemErrorName } from 'node:util';
import type { Block } from '../../db/native/block.ts';
import { captureModes, type CaptureMode, type statusColumns } from '../../model/status-columns.ts';
import type { InterfaceFacts } from '../decode/records.ts';

export interface Status {
  readonly mode: CaptureMode;
  /** One sentence; empty when all is well. */
  readonly detail: string;
  readonly missing: readonly string[];
  readonly interfaces: readonly InterfaceFacts[];
  /** What waits on disk for the store; null when nothing can. */
  readonly spill: { readonly rows: number; readonly bytes: number; readonly problem: string | null } | null;
}

export interface StatusConfig {
  readonly cluster: string;
  readonly node: string;
}

export function writeStatus(
  config: StatusConfig,
  status: Status,
  timeNs: bigint,
  target: Block<typeof statusColumns>,
): void {
  const { columns } = target;
  columns.time.push(timeNs);
  columns.cluster.push(config.cluster);
  columns.node.push(config.node);
  columns.mode.push(captureModes.indexOf(status.mode));
  columns.detail.push(status.detail);
  columns.missing.push(status.missing);
  columns.interface_names.push(status.interfaces.map(({ name }) => name));
  columns.interface_states.push(status.interfaces.map(({ state }) => state));
  columns.interface_netns.push(status.interfaces.map(netnsText));
  columns.interface_errors.push(status.interfaces.map(({ errno }) => (errno === 0 ? '' : getSystemErrorName(-errno))));
  pushCount(columns.spill_rows, status.spill?.rows ?? 0);
  pushCount(columns.spill_bytes, status.spill?.bytes ?? 0);
  columns.spill_problem.push(status.spill?.problem ?? '');
  target.endRow();
}

function pushCount(column: { pushParts(low: number, high: number): void }, value: number): void {
  column.pushParts(value >>> 0, Math.floor(value / 2 ** 32));
}

function netnsText(facts: InterfaceFacts): string {
  if (facts.peerNetns === 0) return '';
  return facts.peerNetnsName === '' ? `netns-${facts.peerNetns}` : facts.peerNetnsName;
}
