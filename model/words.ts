/**
 * The closed vocabularies of a flow, in Hubble's spelling. The position of a word is its code in the store and is
 * therefore never changed or reused; new words go at the end.
 */

/** Hubble's eight verdicts, in the order of flow.proto's `Verdict`. */
export const verdicts = [
  'VERDICT_UNKNOWN',
  'FORWARDED',
  'DROPPED',
  'ERROR',
  'AUDIT',
  'REDIRECTED',
  'TRACED',
  'TRANSLATED',
] as const;
export type Verdict = (typeof verdicts)[number];

/** What one stored row tells. A conversation that began and ended between two reports is one `connection_end` row. */
export const flowKinds = [
  'unknown',
  'connection_start',
  'connection_update',
  'connection_end',
  'datagram',
  'drop',
  'l7_request',
  'l7_response',
  'policy_verdict',
] as const;
export type FlowKind = (typeof flowKinds)[number];

/** Which end of the flow the row's counters were read at. */
export const reporters = ['unknown', 'source', 'destination'] as const;
export type Reporter = (typeof reporters)[number];

/** As in flow.proto's `TrafficDirection`, seen from the workload that reports. */
export const trafficDirections = ['TRAFFIC_DIRECTION_UNKNOWN', 'INGRESS', 'EGRESS'] as const;

/** Three-valued: `unknown` when the start of the conversation was not seen and the ports do not tell. */
export const ternaries = ['unknown', 'no', 'yes'] as const;
export type Ternary = (typeof ternaries)[number];

/** Where the flow came from. */
export const flowSources = ['unknown', 'probe', 'hubble', 'import', 'recording'] as const;
export type FlowSource = (typeof flowSources)[number];

/** Application protocols. */
export const l7Types = ['', 'HTTP', 'DNS', 'TLS', 'GRPC', 'POSTGRESQL', 'MYSQL', 'REDIS', 'MONGODB', 'KAFKA'] as const;
export type L7Type = (typeof l7Types)[number];

/**
 * How opening a connection ended; '' when that was not seen. `NO_ANSWER`: the opening packets went out and nothing came
 * back. `LOCAL_ERROR`: the kernel refused before a packet was made. All but `ESTABLISHED` go with the verdict `ERROR`,
 * unless a drop explains them.
 */
export const connectResults = ['', 'ESTABLISHED', 'REFUSED', 'UNREACHABLE', 'NO_ANSWER', 'LOCAL_ERROR'] as const;
export type ConnectResult = (typeof connectResults)[number];

/** As enum tunnel of bpf/wire.h. */
export const tunnels = ['', 'VXLAN', 'GENEVE', 'IPIP', 'GRE', 'WIREGUARD', 'ESP'] as const;
export type Tunnel = (typeof tunnels)[number];

/** As enum encryption of bpf/wire.h: '' when nothing told. */
export const encryptions = ['', 'none', 'wireguard', 'ipsec'] as const;
export type Encryption = (typeof encryptions)[number];

/** Of a conversation's end. A reset whose sender was not seen is `RST`. Grows at its end: the store keeps its numbers. */
export const endCauses = [
  '',
  'FIN',
  'RST',
  'TIMEOUT',
  'INTERFACE_GONE',
  'RST_BY_SOURCE',
  'RST_BY_DESTINATION',
] as const;
export type EndCause = (typeof endCauses)[number];

/**
 * Kinds of thing an endpoint without a pod can be, on a host we watch; elsewhere it is a `name` learned from DNS or a
 * bare `address`. Kubernetes kinds keep their own spelling (`Deployment`, `StatefulSet`, `Pod` ...).
 */
export const hostKinds: readonly string[] = ['container', 'unit', 'process', 'netns', 'host'];
