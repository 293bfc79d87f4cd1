/** Every field of one flow, in the right panel. Empty ones are left out. */
'use client';

import type { ReactNode } from 'react';

import type { Flow, FlowEndpoint } from '../../../model/api.ts';
import { CopyButton } from '../../_components/copy-button.tsx';
import { Verdict } from '../../_components/verdict.tsx';
import { formatBytes, formatCount, formatMilliseconds, plural } from '../../_viz/format/quantities.ts';
import { formatDay, formatMillis, parseTime } from '../../_viz/format/time.ts';
import { quote } from '../filter/filter-text.ts';
import { ValueMenu } from '../filter/value-menu.tsx';
import { useZone } from '../frame/zone.ts';
import { PanelFrame } from '../selection/panel-frame.tsx';
import { Section } from '../selection/facts.tsx';
import { endpointName, portSuffix } from './flow-words.ts';

/** `term` is the filter for this value, where there is one. */
type Row = readonly [name: string, value: string, term?: string | undefined];

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
      <Fields title="Source" rows={endRows(flow.from, 'from')} />
      <Fields title="Destination" rows={endRows(flow.to, 'to')} />
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
        {filled.map(([name, value, term]) => (
          <div key={name} className="contents">
            <dt className="text-ink-faint">{name}</dt>
            <dd className="min-w-0 break-words">
              {term === undefined ? value : <ValueMenu text={value} term={term} />}
            </dd>
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
    ['Drop reason', flow.dropReason, `reason:${quote(flow.dropReason)}`],
    ['Dropped at', flow.dropLocation, `location:${quote(flow.dropLocation)}`],
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

function endRows(end: FlowEndpoint, side: 'from' | 'to'): Row[] {
  const term = (field: string, value: string): string => `${side}.${field}:${quote(value)}`;
  return [
    ['Name', `${endpointName(end)}${portSuffix(end)}`],
    ['Address', end.ip, `${side}.ip:${end.ip}`],
    ['Port', end.port > 0 ? String(end.port) : '', `${side}.port:${end.port}`],
    ['Namespace', end.namespace, term('ns', end.namespace)],
    ['Workload', end.workload === '' ? '' : `${end.workloadKind} ${end.workload}`, term('workload', end.workload)],
    ['Pod', end.pod, term('pod', end.pod)],
    ['Service', end.service, term('service', end.service)],
    ['DNS names', end.names.join(', ')],
    ['Process', end.process, term('process', end.process)],
    ['Unit', end.unit, term('unit', end.unit)],
    ['Container', end.container, term('container', end.container)],
    ['Labels', end.labels.join('\n')],
    ['Identity', end.identity > 0 ? String(end.identity) : ''],
  ];
}

function counterRows(flow: Flow): Row[] {
  const pair = (packets: number, bytes: string): string =>
    packets === 0 && bytes === '0' ? '' : `${plural(packets, 'packet')}, ${formatBytes(bytes)}`;
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
    [
      'Status',
      http === null || http.status === 0 ? '' : `${http.status} (${http.protocol})`,
      http === null ? undefined : `http.status:${http.status}`,
    ],
    ['Question', dns === null ? '' : `${dns.name} ${dns.type}`],
    ['Answer', dns === null ? '' : [dns.rcode, ...dns.answers].filter(Boolean).join(' ')],
    ['TTL', dns === null || dns.ttl === 0 ? '' : `${dns.ttl} s`],
    ['Server name', l7.sni],
  ];
}

function seenRows(flow: Flow): Row[] {
  return [
    ['Node', flow.node, `node:${quote(flow.node)}`],
    ['Cluster', flow.cluster],
    ['Interface', flow.interface, `interface:${quote(flow.interface)}`],
    ['Reporter', flow.reporter],
    ['Source', flow.source],
    ['Connection', flow.connectionId, `conn:${flow.connectionId}`],
    ['Row', flow.id],
  ];
}
