/** A flow's ends and protocol in the few words of a table cell. */
import type { Flow, FlowEndpoint } from '../../../model/api.ts';
import { formatMilliseconds } from '../../_viz/format/quantities.ts';

/** The pod, else the workload, a DNS name or the address. */
export function shortName(end: FlowEndpoint): string {
  return [end.pod, end.workload, end.names[0], end.ip].find((name) => name !== undefined && name !== '') ?? '';
}

/** `production/api-6f4c8d`, or the short name outside Kubernetes. */
export function endpointName(end: FlowEndpoint): string {
  return end.namespace === '' ? shortName(end) : `${end.namespace}/${shortName(end)}`;
}

export const portSuffix = (end: FlowEndpoint): string => (end.port > 0 ? `:${end.port}` : '');

export function protocolWords(flow: Flow): string {
  return flow.l7 === null || flow.l7.type === '' ? flow.protocol : flow.l7.type;
}

/** What a row is worth warning about besides its verdict. */
export function hasFailed(flow: Flow): boolean {
  const status = flow.l7?.http?.status ?? 0;
  const rcode = flow.l7?.dns?.rcode ?? '';
  const hasFailedL7 = (flow.l7?.error ?? '') !== '' || !['', 'OK'].includes(flow.l7?.grpcStatus ?? '');
  const hasFailedConnect = !['', 'ESTABLISHED'].includes(flow.connectResult);
  return (
    status >= 500 ||
    ['SERVFAIL', 'REFUSED'].includes(rcode) ||
    flow.kind === 'l7_request' ||
    hasFailedL7 ||
    hasFailedConnect
  );
}

export function rowBytes(flow: Flow): number {
  return Number(flow.bytesToDst) + Number(flow.bytesToSrc);
}

/**
 * What happened, the telling part first: a cell is cut at its end, and a host name that the destination already gives
 * would push the path out of sight. The whole line, as `hubble observe` has it, is the row's title and in its detail.
 */
export function rowSummary(flow: Flow): string {
  if (flow.kind === 'drop' && flow.dropLocation !== '') return `${flow.summary} at ${flow.dropLocation}`;
  if (!['', 'ESTABLISHED'].includes(flow.connectResult)) {
    const error = flow.socketError === '' ? '' : ` (${flow.socketError})`;
    return `connect ${flow.connectResult.toLowerCase().replace('_', ' ')}${error}`;
  }
  if (flow.l7 === null) return flow.summary;
  const { http, dns, latencyNs } = flow.l7;
  const latency = latencyNs === '0' ? '' : ` in ${formatMilliseconds(Number(latencyNs) / 1e6)}`;
  const { command, resource, error, grpcStatus } = flow.l7;
  if (command !== '') {
    const failed = error === '' ? '' : `${error} `;
    return `${failed}${[command, resource].filter(Boolean).join(' ')}${latency}`;
  }
  if (http !== null && grpcStatus !== '') return `${grpcStatus} ${http.path}${latency}`;
  if (http !== null) {
    return `${http.status > 0 ? String(http.status) : 'no answer'} ${http.method} ${http.path}${latency}`;
  }
  if (dns !== null) {
    const answers = dns.answers.length === 0 ? '' : ` = ${dns.answers.join(', ')}`;
    return `${dns.rcode === '' ? 'no answer' : dns.rcode} ${dns.name} ${dns.type}${answers}${latency}`;
  }
  return flow.summary;
}
