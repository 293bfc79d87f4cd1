/** Lines of Hubble for tests: valid ones, in which nothing is but what the test says and what every flow has. */
import { ok } from 'node:assert';
import { readHubbleLine, type HubbleLine } from './read-line.ts';

export const at = '2026-11-23T12:00:00.123456789Z';

export const webEnd = {
  ID: 688,
  identity: 26450,
  cluster_name: 'prod',
  namespace: 'shop',
  labels: ['k8s:app=web', 'k8s:io.kubernetes.pod.namespace=shop'],
  pod_name: 'web-5b9cc645cb-4slbs',
  workloads: [{ name: 'web', kind: 'Deployment' }],
};
export const apiEnd = {
  ID: 1204,
  identity: 32531,
  cluster_name: 'prod',
  namespace: 'shop',
  labels: ['k8s:app=api'],
  pod_name: 'api-0',
  workloads: [{ name: 'api', kind: 'StatefulSet' }],
};

/** A packet from web to api, on its way to api's pod. */
export function aHubbleFlow(of: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    time: at,
    uuid: '9d6bc5ae-3f0e-4c6f-8a55-6a8c0c3c3a10',
    verdict: 'FORWARDED',
    IP: { source: '10.0.1.7', destination: '10.0.1.9', ipVersion: 'IPv4' },
    l4: { TCP: { source_port: 45240, destination_port: 8080, flags: { SYN: true } } },
    source: webEnd,
    destination: apiEnd,
    Type: 'L3_L4',
    node_name: 'prod/worker-1',
    event_type: { type: 4 },
    traffic_direction: 'INGRESS',
    is_reply: false,
    Summary: 'TCP Flags: SYN',
    ...of,
  };
}

export function anExportLine(flow: unknown): string {
  return JSON.stringify({ flow, node_name: 'prod/worker-1', time: at });
}

export function flowLine(of: Readonly<Record<string, unknown>>): Extract<HubbleLine, { readonly is: 'flow' }> {
  const line = readHubbleLine(anExportLine(aHubbleFlow(of)));
  ok(line.ok, line.ok ? '' : line.error);
  ok(line.value.is === 'flow');
  return line.value;
}
