/**
 * The parts of Kubernetes objects that identity needs, checked as they come in. Everything else is dropped at once, so
 * that memory and recordings stay small.
 */
import { z } from 'zod';

const owner = z.object({
  kind: z.string(),
  name: z.string(),
  uid: z.string().default(''),
  controller: z.boolean().optional(),
});
const labels = z.record(z.string(), z.string()).nullish();

const metadata = z.object({
  name: z.string(),
  namespace: z.string().default(''),
  uid: z.string().default(''),
  labels,
  ownerReferences: z.array(owner).nullish(),
});

const containerPort = z.object({ containerPort: z.number(), protocol: z.string().default('TCP') });

export const podSchema = z.object({
  metadata,
  spec: z
    .object({
      nodeName: z.string().default(''),
      hostNetwork: z.boolean().default(false),
      serviceAccountName: z.string().default(''),
      containers: z.array(z.object({ ports: z.array(containerPort).nullish() })).nullish(),
    })
    .default({ nodeName: '', hostNetwork: false, serviceAccountName: '' }),
  status: z
    .object({
      phase: z.string().default(''),
      podIP: z.string().default(''),
      podIPs: z.array(z.object({ ip: z.string() })).nullish(),
      containerStatuses: z.array(z.object({ containerID: z.string().default('') })).nullish(),
    })
    .default({ phase: '', podIP: '' }),
});
export type Pod = z.infer<typeof podSchema>;

export const serviceSchema = z.object({
  metadata,
  spec: z
    .object({
      clusterIP: z.string().default(''),
      clusterIPs: z.array(z.string()).nullish(),
      selector: labels,
      ports: z.array(z.object({ port: z.number(), protocol: z.string().default('TCP') })).nullish(),
    })
    .default({ clusterIP: '' }),
});
export type Service = z.infer<typeof serviceSchema>;

export const nodeSchema = z.object({
  metadata,
  status: z.object({ addresses: z.array(z.object({ type: z.string(), address: z.string() })).nullish() }).default({}),
});
export type Node = z.infer<typeof nodeSchema>;

export const plainSchema = z.object({ metadata });
export type Plain = z.infer<typeof plainSchema>;

/** What is watched: where it is served and how it is checked. */
export const resources = {
  namespaces: { path: '/api/v1/namespaces', schema: plainSchema },
  nodes: { path: '/api/v1/nodes', schema: nodeSchema },
  replicasets: { path: '/apis/apps/v1/replicasets', schema: plainSchema },
  services: { path: '/api/v1/services', schema: serviceSchema },
  pods: { path: '/api/v1/pods', schema: podSchema },
} as const;
export type Resource = keyof typeof resources;
export const resourceNames = ['namespaces', 'nodes', 'replicasets', 'services', 'pods'] as const satisfies Resource[];

export interface ObjectOf {
  readonly namespaces: Plain;
  readonly nodes: Node;
  readonly replicasets: Plain;
  readonly services: Service;
  readonly pods: Pod;
}

/** One step of what the API said, also the content of a recording's Kubernetes frames. */
export const changeSchema = z.object({
  resource: z.enum(resourceNames),
  /** `list` replaces everything known of the resource. */
  event: z.enum(['list', 'put', 'delete']),
  objects: z.array(z.unknown()),
});
export type Change = z.infer<typeof changeSchema>;
