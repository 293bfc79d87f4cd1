/** A flow's ends and protocol in the few words of a table cell. */
import type { Flow, FlowEndpoint } from '../../../model/api.ts';

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
  return status >= 500 || ['SERVFAIL', 'REFUSED'].includes(rcode) || flow.kind === 'l7_request';
}

export function rowBytes(flow: Flow): number {
  return Number(flow.bytesToDst) + Number(flow.bytesToSrc);
}
