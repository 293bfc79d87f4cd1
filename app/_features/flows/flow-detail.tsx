/** Every field of one flow, in the right panel. Empty ones are left out. */
'use client';

import type { ReactNode } from 'react';

import type { Flow, FlowEndpoint } from '../../../model/api.ts';
import { CopyButton } from '../../_components/copy-button.tsx';
import { Verdict } from '../../_components/verdict.tsx';
import { formatBytes, formatCount, formatMilliseconds } from '../../_viz/format/quantities.ts';
import { formatDay, formatMillis, parseTime } from '../../_viz/format/time.ts';
import { useZone } from '../frame/zone.ts';
import { PanelFrame } from '../selection/panel-frame.tsx';
import { Section } from '../selection/facts.tsx';
import { endpointName, portSuffix } from './flow-words.ts';

type Row = readonly [name: string, value: string];

export function FlowDetail({ flow, onClose }: { flow: Flow; onClose: () => void }): ReactNode {
  const [zone] = useZone();
  const ms = parseTime(flow.time);
  return (
    <PanelFrame
      label="Flow"
      onClose={onClose}
      title={<Verdict verdict={flow.verdict} />}
      subtitle={`${formatDay(ms, zone)} ${formatMillis(ms, zone)} ${zone === 'utc' ? 'UTC' : 'local time'}`}
    >
      <p className="px-4 pb-3 break-words">{flow.summary}</p>
      <Fields title="What happened" rows={whatRows(flow)} />
      <Fields title="Source" rows={endRows(flow.from)} />
      <Fields title="Destination" rows={endRows(flow.to)} />
      <Fields title="Counted" rows={counterRows(flow)} />
      <Fields title="Application" rows={l7Rows(flow)} />
      <Fields title="Seen by" rows={seenRows(flow)} />
      <div className="flex items-center gap-1 border-t border-line px-4 pt-2 text-xs text-ink-faint">
        As JSON
        <CopyButton text={JSON.stringify(flow, null, 2)} what="this flow as JSON" />
      </div>
    </PanelFrame>
  );
}

function Fields({ title, rows }: { title: string; rows: readonly Row[] }): ReactNode {
  const filled = rows.filter(([, value]) => value !== '');
  if (filled.length === 0) return null;
  return (
    <Section title={title}>
      <dl className="grid grid-cols-[100px_1fr] gap-x-3 gap-y-1 text-xs">
        {filled.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-ink-faint">{name}</dt>
            <dd className="min-w-0 break-words">{value}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}

const yesNo = (value: boolean | null): string => (value === null ? 'unknown' : value ? 'yes' : 'no');
const isIcmp = (flow: Flow): boolean => flow.protocol.startsWith('ICMP');

function whatRows(flow: Flow): Row[] {
  return [
    ['Drop reason', flow.dropReason],
    ['Dropped at', flow.dropLocation],
    ['Event', flow.kind.replaceAll('_', ' ')],
    ['Protocol', `${flow.protocol}, IPv${flow.ipVersion}`],
    ['TCP flags', flow.tcpFlags.join(', ')],
    ['ICMP', isIcmp(flow) ? `type ${flow.icmpType}, code ${flow.icmpCode}` : ''],
    ['Ended by', flow.endCause],
    ['Direction', flow.direction.replace('TRAFFIC_DIRECTION_', '')],
    ['Reply', yesNo(flow.isReply)],
    ['Encrypted', flow.encrypted === null ? '' : yesNo(flow.encrypted)],
    ['Time', flow.time],
  ];
}

function endRows(end: FlowEndpoint): Row[] {
  return [
    ['Name', `${endpointName(end)}${portSuffix(end)}`],
    ['Address', end.ip],
    ['Workload', end.workload === '' ? '' : `${end.workloadKind} ${end.workload}`],
    ['Pod', end.pod],
    ['Service', end.service],
    ['DNS names', end.names.join(', ')],
    ['Process', end.process],
    ['Unit', end.unit],
    ['Container', end.container],
    ['Labels', end.labels.join('\n')],
    ['Identity', end.identity > 0 ? String(end.identity) : ''],
  ];
}

function counterRows(flow: Flow): Row[] {
  const pair = (packets: number, bytes: string): string =>
    packets === 0 && bytes === '0' ? '' : `${formatCount(packets)} packets, ${formatBytes(bytes)}`;
  return [
    ['To destination', pair(flow.packetsToDst, flow.bytesToDst)],
    ['To source', pair(flow.packetsToSrc, flow.bytesToSrc)],
    ['… at the other end', flow.peer === null ? '' : pair(flow.peer.packetsToDst, flow.peer.bytesToDst)],
    ['… and back', flow.peer === null ? '' : pair(flow.peer.packetsToSrc, flow.peer.bytesToSrc)],
    ['Round trip', flow.srttUs > 0 ? formatMilliseconds(flow.srttUs / 1000) : ''],
    ['Retransmits', flow.retransmits > 0 ? formatCount(flow.retransmits) : ''],
    ['Duration', flow.durationNs === '0' ? '' : formatMilliseconds(Number(flow.durationNs) / 1e6)],
  ];
}

function l7Rows({ l7 }: Flow): Row[] {
  if (l7 === null) return [];
  const { http, dns } = l7;
  return [
    ['Type', l7.type],
    ['Latency', l7.latencyNs === '0' ? '' : formatMilliseconds(Number(l7.latencyNs) / 1e6)],
    ['Request', http === null ? '' : `${http.method} ${http.host}${http.path}`],
    ['Status', http === null || http.status === 0 ? '' : `${http.status} (${http.protocol})`],
    ['Question', dns === null ? '' : `${dns.name} ${dns.type}`],
    ['Answer', dns === null ? '' : [dns.rcode, ...dns.answers].filter(Boolean).join(' ')],
    ['TTL', dns === null || dns.ttl === 0 ? '' : `${dns.ttl} s`],
    ['Server name', l7.sni],
  ];
}

function seenRows(flow: Flow): Row[] {
  return [
    ['Node', flow.node],
    ['Cluster', flow.cluster],
    ['Interface', flow.interface],
    ['Reporter', flow.reporter],
    ['Source', flow.source],
    ['Connection', flow.connectionId],
    ['Row', flow.id],
  ];
}
