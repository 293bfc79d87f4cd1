/**
 * The parts of Kubernetes objects that identity needs, checked as they come in. Everything else is dropped at once, so
 * that memory stays small.
 */
import { z } from 'zod';

const owner = z.object({
  kind: z.string(),
  name: z.string(),
  uid: z.string().default(''),
  controller: z.boolean().optional(),
});
const labels = z.record(z.string(), z.string()).nullish();
const text = z.string().default('');
const protocol = z.string().default('TCP');

const metadata = z.object({
  name: z.string(),
  namespace: text,
  uid: text,
  labels,
  ownerReferences: z.array(owner).nullish(),
});

const containerPort = z.object({ containerPort: z.number(), hostPort: z.number().default(0), protocol });
const container = z.object({ ports: z.array(containerPort).nullish() });
const finished = z.object({ finishedAt: text });
const containerStatus = z.object({
  containerID: text,
  state: z.object({ terminated: finished.nullish() }).nullish(),
});

export const podSchema = z.object({
  metadata,
  spec: z
    .object({
      nodeName: text,
      hostNetwork: z.boolean().default(false),
      serviceAccountName: text,
      containers: z.array(container).nullish(),
      /** Sidecars are init containers that stay. */
      initContainers: z.array(container).nullish(),
    })
    .default({ nodeName: '', hostNetwork: false, serviceAccountName: '' }),
  status: z
    .object({
      phase: text,
      podIP: text,
      podIPs: z.array(z.object({ ip: z.string() })).nullish(),
      conditions: z
        .array(z.object({ type: z.string(), status: text, lastTransitionTime: z.string().nullish() }))
        .nullish(),
      containerStatuses: z.array(containerStatus).nullish(),
      initContainerStatuses: z.array(containerStatus).nullish(),
      ephemeralContainerStatuses: z.array(containerStatus).nullish(),
    })
    .default({ phase: '', podIP: '' }),
});
export type Pod = z.infer<typeof podSchema>;

const servicePort = z.object({
  name: text,
  port: z.number(),
  protocol,
  nodePort: z.number().default(0),
  targetPort: z.union([z.number(), z.string()]).optional(),
});

export const serviceSchema = z.object({
  metadata,
  spec: z
    .object({
      type: z.string().default('ClusterIP'),
      clusterIP: text,
      clusterIPs: z.array(z.string()).nullish(),
      externalIPs: z.array(z.string()).nullish(),
      loadBalancerIP: text,
      externalName: text,
      selector: labels,
      ports: z.array(servicePort).nullish(),
    })
    .default({ type: 'ClusterIP', clusterIP: '', loadBalancerIP: '', externalName: '' }),
  status: z
    .object({
      loadBalancer: z.object({ ingress: z.array(z.object({ ip: text })).nullish() }).nullish(),
    })
    .nullish(),
});
export type Service = z.infer<typeof serviceSchema>;

export const endpointSliceSchema = z.object({
  metadata,
  addressType: text,
  ports: z
    .array(z.object({ name: z.string().nullish(), port: z.number().nullish(), protocol: z.string().nullish() }))
    .nullish(),
  endpoints: z
    .array(
      z.object({
        addresses: z.array(z.string()),
        conditions: z
          .object({
            ready: z.boolean().nullish(),
            serving: z.boolean().nullish(),
            terminating: z.boolean().nullish(),
          })
          .nullish(),
        nodeName: z.string().nullish(),
        targetRef: z.object({ kind: text, name: text }).nullish(),
      }),
    )
    .nullish(),
});
export type EndpointSlice = z.infer<typeof endpointSliceSchema>;

export const nodeSchema = z.object({
  metadata,
  spec: z.object({ podCIDR: text, podCIDRs: z.array(z.string()).nullish() }).nullish(),
  status: z.object({ addresses: z.array(z.object({ type: z.string(), address: z.string() })).nullish() }).default({}),
});
export type Node = z.infer<typeof nodeSchema>;

/** Cilium's own object for a node: the addresses of what it runs there beside pods. */
export const ciliumNodeSchema = z.object({
  metadata,
  spec: z
    .object({
      addresses: z.array(z.object({ type: text, ip: text })).nullish(),
      health: z.object({ ipv4: text, ipv6: text }).nullish(),
      ingress: z.object({ ipv4: text, ipv6: text }).nullish(),
    })
    .default({}),
});
export type CiliumNode = z.infer<typeof ciliumNodeSchema>;

export const plainSchema = z.object({ metadata });
export type Plain = z.infer<typeof plainSchema>;

/**
 * What is watched: where it is served and how it is checked. `metadataOnly`: the server is asked to leave out spec and
 * status. `optional`: a cluster may not have it or not let us read it, and names are told without it.
 */
export const resources = {
  namespaces: { path: '/api/v1/namespaces', schema: plainSchema, metadataOnly: true, optional: false },
  nodes: { path: '/api/v1/nodes', schema: nodeSchema, metadataOnly: false, optional: false },
  replicasets: { path: '/apis/apps/v1/replicasets', schema: plainSchema, metadataOnly: true, optional: false },
  jobs: { path: '/apis/batch/v1/jobs', schema: plainSchema, metadataOnly: true, optional: true },
  services: { path: '/api/v1/services', schema: serviceSchema, metadataOnly: false, optional: false },
  endpointslices: {
    path: '/apis/discovery.k8s.io/v1/endpointslices',
    schema: endpointSliceSchema,
    metadataOnly: false,
    optional: true,
  },
  ciliumnodes: {
    path: '/apis/cilium.io/v2/ciliumnodes',
    schema: ciliumNodeSchema,
    metadataOnly: false,
    optional: true,
  },
  pods: { path: '/api/v1/pods', schema: podSchema, metadataOnly: false, optional: false },
} as const;
export type Resource = keyof typeof resources;
export const resourceNames = [
  'namespaces',
  'nodes',
  'replicasets',
  'jobs',
  'services',
  'endpointslices',
  'ciliumnodes',
  'pods',
] as const satisfies Resource[];

/** One step of what the API said, also the content of a recording's Kubernetes frames. */
export const changeSchema = z.object({
  resource: z.enum(resourceNames),
  /** `list` replaces everything known of the resource. */
  event: z.enum(['list', 'put', 'delete']),
  objects: z.array(z.unknown()),
});
export type Change = z.infer<typeof changeSchema>;
