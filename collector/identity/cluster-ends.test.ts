import { describe, expect, it } from 'vitest';
import { createCounters } from '../counters.ts';
import { parseAddress } from '../decode/address.ts';
import { tcpListen } from '../decode/wire.ts';
import type { Endpoint } from './endpoint.ts';
import { createIdentity, type Identity } from './identity.ts';
import type { Resource } from './kubernetes-objects.ts';
import { parseNetworks } from './networks.ts';

const tcp = 6;
const at = { monoNs: 1000, wallMs: 2000 };
const hostNetns = 1;

function key(text: string): string {
  return parseAddress(text) ?? '';
}

interface PodFields {
  readonly name?: string;
  readonly ip?: string;
  readonly ips?: readonly string[];
  readonly node?: string;
  readonly app?: string;
  readonly hostNetwork?: boolean;
  readonly ports?: readonly object[];
  readonly owner?: object;
  readonly container?: string;
}

function pod({ name = 'web-1', ip = '10.0.0.3', node = 'node-2', app = 'web', ...fields }: PodFields = {}): object {
  return {
    metadata: {
      name,
      namespace: 'shop',
      uid: name,
      labels: { app },
      ownerReferences: [fields.owner ?? { kind: 'StatefulSet', name: app, controller: true }],
    },
    spec: { nodeName: node, hostNetwork: fields.hostNetwork, containers: [{ ports: fields.ports ?? [] }] },
    status: {
      podIP: ip,
      podIPs: (fields.ips ?? [ip]).map((each) => ({ ip: each })),
      containerStatuses: [{ containerID: fields.container ?? '' }],
    },
  };
}

function service(name: string, spec: object, status: object = {}): object {
  return { metadata: { name, namespace: 'shop' }, spec, status };
}

function slice(of: string, addresses: readonly string[], port = 8080, namespace = 'shop', more: object = {}): object {
  return {
    metadata: { name: `${of}-1`, namespace, labels: { 'kubernetes.io/service-name': of } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port, protocol: 'TCP' }],
    endpoints: [{ addresses, targetRef: { kind: 'Pod', name: 'web-1' }, nodeName: 'node-2', ...more }],
  };
}

function node(name: string, address: string, podCIDR = ''): object {
  return { metadata: { name }, spec: { podCIDR }, status: { addresses: [{ type: 'InternalIP', address }] } };
}

function cluster(objects: Partial<Record<Resource, readonly object[]>>, counters = createCounters()): Identity {
  const identity = createIdentity({ node: 'node-1', namesLimit: 100, namesKeepNs: 1e9 }, { counters });
  identity.interfaces.reset(hostNetns);
  identity.interfaces.apply(link(2, 'eth0', ['192.0.2.1']));
  identity.interfaces.apply(link(3, 'veth3', []));
  const all = { pods: [], nodes: [node('node-1', '192.0.2.1'), node('node-2', '192.0.2.2')], ...objects };
  for (const [resource, list] of Object.entries(all)) {
    const bad = identity.applyKubernetes({ resource: resource as Resource, event: 'list', objects: [...list] }, 1);
    if (bad > 0) throw new Error(`${bad} ${resource} are not as expected`);
  }
  return identity;
}

function link(ifindex: number, name: string, addresses: readonly string[]) {
  const isVeth = name.startsWith('veth');
  const netns = { isVeth, peerNetns: isVeth ? 101 : 0, peerNetnsName: '' };
  return { state: 'attached', errno: 0, ifindex, name, ...netns, addresses: addresses.map(key) } as const;
}

function who(identity: Identity, address: string, port = 80): Endpoint {
  const client = { address: key('10.0.0.9'), port: 5000 };
  return identity.resolvePair(client, { address: key(address), port }, tcp, at)[1];
}

function learn(identity: Identity, name: string, address: string): void {
  const learned = { client: 0, name, aliases: [], addresses: [key(address)], ttl: 60, atNs: at.monoNs } as const;
  identity.learnName(learned, { address: key('10.0.0.9'), port: 5000 }, 17, at);
}

describe('pods in the network of their node', () => {
  const exporter = { name: 'exporter', hostNetwork: true, ip: '192.0.2.2', ports: [{ containerPort: 9100 }] };

  it('are found by the port that they serve there', () => {
    const identity = cluster({ pods: [pod(exporter)] });
    expect(who(identity, '192.0.2.2', 9100)).toMatchObject({ pod: 'exporter', workloadKind: 'StatefulSet' });
    expect(who(identity, '192.0.2.2', 22)).toMatchObject({ pod: '', workload: 'node-2', workloadKind: 'host' });
  });

  it('are found by their container where they run', () => {
    const identity = cluster({
      pods: [pod({ ...exporter, node: 'node-1', container: `containerd://${'ab12'.repeat(16)}` })],
    });
    identity.sockets.apply({
      local: key('192.0.2.1'),
      isWildcard: false,
      localPort: 40_000,
      protocol: tcp,
      state: 1,
      netns: hostNetns,
      pid: 7,
      comm: 'exporter',
      cgroup: `/kubepods.slice/kubepods-pod1.slice/cri-containerd-${'ab12'.repeat(16)}.scope`,
    });
    expect(who(identity, '192.0.2.1', 40_000)).toMatchObject({ pod: 'exporter', process: 'exporter' });
  });

  it('are found by a port of the node that leads to them', () => {
    const ports = [{ containerPort: 80, hostPort: 8000 }];
    const identity = cluster({ pods: [pod({ ports })] });
    expect(who(identity, '192.0.2.2', 8000)).toMatchObject({ pod: 'web-1' });
    expect(who(identity, '192.0.2.2', 80)).toMatchObject({ pod: '' });
  });
});

describe('what is said alike of many ends', () => {
  it('is one object, so that rows find what they are made of', () => {
    const identity = cluster({ pods: [pod()], services: [service('web', { clusterIP: '10.96.0.1' })] });
    expect(who(identity, '10.0.0.3', 1)).toBe(who(identity, '10.0.0.3', 2));
    expect(who(identity, '10.96.0.1', 1)).toBe(who(identity, '10.96.0.1', 2));
    learn(identity, 'web.test', '10.0.0.3');
    expect(who(identity, '10.0.0.3', 1).names).toEqual(['web.test']);
  });
});

describe('workloads', () => {
  const set = (kind: string, name: string, owner: object | null): object => ({
    metadata: { kind, name, namespace: 'shop', ownerReferences: owner === null ? [] : [owner] },
  });

  it.each<[string, object, Partial<Record<Resource, readonly object[]>>, string]>([
    ['a CronJob, by the job', { kind: 'Job', name: 'backup-1' }, jobOf('backup-1', 'backup'), 'CronJob backup'],
    ['a CronJob, by the name of a job not known', { kind: 'Job', name: 'backup-29012345' }, {}, 'CronJob backup'],
    ['a Job of its own', { kind: 'Job', name: 'migrate' }, {}, 'Job migrate'],
    ['any other kind', { kind: 'PostgresCluster', name: 'main' }, {}, 'PostgresCluster main'],
    [
      'a Rollout above its ReplicaSet',
      { kind: 'ReplicaSet', name: 'web-5d9' },
      { replicasets: [set('ReplicaSet', 'web-5d9', { kind: 'Rollout', name: 'web', controller: true })] },
      'Rollout web',
    ],
  ])('are %s', (_name, owner, objects, expected) => {
    const end = who(cluster({ pods: [pod({ owner })], ...objects }), '10.0.0.3');
    expect(`${end.workloadKind} ${end.workload}`).toBe(expected);
  });

  function jobOf(name: string, cronJob: string) {
    return { jobs: [set('Job', name, { kind: 'CronJob', name: cronJob, controller: true })] };
  }

  it('are told again when what is above becomes known later', () => {
    const identity = cluster({ pods: [pod({ owner: { kind: 'ReplicaSet', name: 'web-5d9' } })] });
    expect(who(identity, '10.0.0.3').workloadKind).toBe('ReplicaSet');
    const object = set('ReplicaSet', 'web-5d9', { kind: 'Deployment', name: 'web' });
    identity.applyKubernetes({ resource: 'replicasets', event: 'put', objects: [object] }, 2);
    expect(who(identity, '10.0.0.3').workloadKind).toBe('Deployment');
  });
});

describe('services', () => {
  const ports = [{ name: 'http', port: 80, nodePort: 30_080, protocol: 'TCP' }];
  const spec = { type: 'LoadBalancer', clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1', 'fd96::1'], ports };
  const balanced = service(
    'web',
    { ...spec, selector: { app: 'web' }, externalIPs: ['203.0.113.20'] },
    {
      loadBalancer: { ingress: [{ ip: '203.0.113.21' }, { hostname: 'lb.test' }] },
    },
  );

  it.each(['10.96.0.1', 'fd96::1', '203.0.113.20', '203.0.113.21'])('are found by their address %s', (address) => {
    const end = who(cluster({ services: [balanced], pods: [pod()] }), address);
    expect(end).toMatchObject({ namespace: 'shop', service: 'web', workload: 'web', workloadKind: 'StatefulSet' });
  });

  it('are found by their port on every node', () => {
    const identity = cluster({ services: [balanced], pods: [pod()] });
    for (const address of ['192.0.2.1', '192.0.2.2']) {
      expect(who(identity, address, 30_080)).toMatchObject({ service: 'web', workloadKind: 'StatefulSet' });
      expect(who(identity, address, 30_081)).toMatchObject({ service: '', workloadKind: 'host' });
    }
    expect(identity.isListener(key('192.0.2.2'), 30_080, tcp)).toBe(true);
  });

  it('without an address are what their pods are said to serve', () => {
    const headless = service('web', { clusterIP: 'None', clusterIPs: ['None'], selector: { app: 'web' } });
    expect(who(cluster({ services: [headless], pods: [pod()] }), '10.0.0.3').service).toBe('web');
  });

  it('are told apart by the port when a pod is behind several', () => {
    const objects = { services: ['a', 'b'].map((name) => service(name, { selector: { app: 'web' } })), pods: [pod()] };
    const endpointslices = [slice('a', ['10.0.0.3'], 8080), slice('b', ['10.0.0.3'], 9090)];
    const identity = cluster({ ...objects, endpointslices });
    expect([8080, 9090, 7].map((port) => who(identity, '10.0.0.3', port).service)).toEqual(['a', 'b', 'a']);
    expect(identity.isListener(key('10.0.0.3'), 9090, tcp)).toBe(true);
  });

  it('that stand for a name outside are found by that name', () => {
    const identity = cluster({ services: [service('pay', { type: 'ExternalName', externalName: 'api.pay.test.' })] });
    learn(identity, 'api.pay.test', '203.0.113.9');
    expect(who(identity, '203.0.113.9')).toMatchObject({ service: 'pay', workload: 'api.pay.test', namespace: '' });
  });

  it('list their backends, also those that are leaving', () => {
    const conditions = { ready: false, serving: true, terminating: true };
    const { services } = cluster({
      endpointslices: [slice('web', ['10.0.0.3'], 8080, 'shop', { conditions })],
    }).kubernetes;
    expect(services.backendsOf('shop', 'web')).toEqual([
      {
        address: key('10.0.0.3'),
        port: 8080,
        portName: 'http',
        protocol: 'TCP',
        isReady: false,
        isServing: true,
        isTerminating: true,
        node: 'node-2',
        pod: 'web-1',
      },
    ]);
    expect(services.behind(key('10.0.0.3'), 8080, tcp)).toEqual([{ namespace: 'shop', name: 'web' }]);
  });

  it('no longer list what a slice no longer has', () => {
    const identity = cluster({ endpointslices: [slice('web', ['10.0.0.3', '10.0.0.4'])] });
    const next = { resource: 'endpointslices', event: 'put', objects: [slice('web', ['10.0.0.4'])] } as const;
    identity.applyKubernetes({ ...next, objects: [...next.objects] }, 2);
    expect(identity.kubernetes.services.behind(key('10.0.0.3'), 8080, tcp)).toEqual([]);
    identity.applyKubernetes({ resource: 'endpointslices', event: 'list', objects: [] }, 3);
    expect(identity.kubernetes.services.backendsOf('shop', 'web')).toEqual([]);
  });
});

describe('reserved classes', () => {
  const apiServer = (address: string) => ({ endpointslices: [slice('kubernetes', [address], 6443, 'default')] });
  const dual = [pod({ ips: ['10.0.0.3', 'fd00::3'] })];
  const ciliumNode = {
    metadata: { name: 'node-2' },
    spec: {
      addresses: [{ type: 'CiliumInternalIP', ip: '10.0.2.1' }],
      health: { ipv4: '10.0.2.2' },
      ingress: { ipv4: '10.0.2.3' },
    },
  };

  it.each<[string, Partial<Record<Resource, readonly object[]>>, string, number, readonly string[]]>([
    ['this node', {}, '192.0.2.1', 1, ['reserved:host']],
    ['another node', {}, '192.0.2.2', 6, ['reserved:remote-node']],
    ['the world', { pods: [pod()] }, '203.0.113.9', 2, ['reserved:world']],
    ['the IPv4 world of a cluster with both', { pods: dual }, '203.0.113.9', 9, ['reserved:world-ipv4']],
    ['the IPv6 world of a cluster with both', { pods: dual }, '2001:db8::9', 10, ['reserved:world-ipv6']],
    [
      'the API server outside',
      apiServer('203.0.113.9'),
      '203.0.113.9',
      7,
      ['reserved:kube-apiserver', 'reserved:world'],
    ],
    [
      'the API server on another node',
      apiServer('192.0.2.2'),
      '192.0.2.2',
      7,
      ['reserved:kube-apiserver', 'reserved:remote-node'],
    ],
    ['the API server here', apiServer('192.0.2.1'), '192.0.2.1', 1, ['reserved:host', 'reserved:kube-apiserver']],
    [
      "another node's address in Cilium's network",
      { ciliumnodes: [ciliumNode] },
      '10.0.2.1',
      6,
      ['reserved:remote-node'],
    ],
    ["Cilium's health endpoint", { ciliumnodes: [ciliumNode] }, '10.0.2.2', 4, ['reserved:health']],
    ["Cilium's ingress", { ciliumnodes: [ciliumNode] }, '10.0.2.3', 8, ['reserved:ingress']],
    [
      'an address of pods that none has',
      { nodes: [node('node-2', '192.0.2.2', '10.0.2.0/24')] },
      '10.0.2.77',
      3,
      ['reserved:unmanaged'],
    ],
  ])('%s', (_name, objects, address, identity, labels) => {
    expect(who(cluster(objects), address)).toMatchObject({ identity, labels });
  });

  it('a pod of this node that the API has not told of yet is init', () => {
    const identity = cluster({ nodes: [node('node-1', '192.0.2.1', '10.0.1.0/24')] });
    identity.interfaces.learnBehind(key('10.0.1.5'), 3);
    expect(who(identity, '10.0.1.5')).toMatchObject({ identity: 5, labels: ['reserved:init'], workload: 'netns-101' });
  });
});

describe('ends that must be a workload and cannot be named', () => {
  it('are counted by cause', () => {
    const counters = createCounters();
    const identity = cluster({ nodes: [node('node-2', '192.0.2.2', '10.0.2.0/24')] }, counters);
    who(identity, '10.0.2.77');
    identity.interfaces.learnBehind(key('172.30.0.5'), 3);
    who(identity, '172.30.0.5');
    who(identity, '203.0.113.9');
    expect([...counters.entries()].sort()).toEqual([
      ['identity_unknown_local_namespace', 1],
      ['identity_unknown_pod_network', 1],
    ]);
  });
});

describe('networks with names', () => {
  function withNetworks(text: string): Identity {
    const identity = cluster({ pods: [pod()] });
    const networks = parseNetworks(text);
    if (!networks.ok) throw new Error(networks.error.join('\n'));
    identity.useNetworks(networks.value);
    return identity;
  }

  it('name what is outside, the longest prefix first, also what has a name of its own', () => {
    const identity = withNetworks('10.20.0.0/16 office\n10.20.30.0/24 print room # third floor\n');
    learn(identity, 'printer.test', '10.20.30.4');
    expect(who(identity, '10.20.30.4')).toMatchObject({
      workload: 'print room',
      workloadKind: 'network',
      names: ['printer.test'],
      labels: ['cidr:10.20.30.0/24', 'reserved:world'],
    });
    expect(who(identity, '10.20.1.1').workload).toBe('office');
    expect(who(identity, '10.20.1.1').identity).toBeGreaterThanOrEqual(1 << 24);
    expect(who(identity, '10.21.1.1').workloadKind).toBe('address');
  });

  it('do not hide pods, services and nodes', () => {
    const identity = withNetworks('0.0.0.0/0 everything');
    expect(who(identity, '10.0.0.3').pod).toBe('web-1');
    expect(who(identity, '192.0.2.2').workload).toBe('node-2');
  });

  it('take effect for answers that were given before', () => {
    const identity = cluster({ pods: [pod()] });
    const ends = [
      { address: key('10.0.0.3'), port: 1 },
      { address: key('10.20.1.1'), port: 2 },
    ] as const;
    const before = identity.resolve(...ends, tcp, at);
    const networks = parseNetworks('10.20.0.0/16 office');
    if (networks.ok) identity.useNetworks(networks.value);
    expect(identity.holds(before, at)).toBe(false);
  });
});

describe('a listener', () => {
  it('is known from its socket on this node', () => {
    const identity = cluster({});
    const facts = {
      isWildcard: true,
      localPort: 22,
      protocol: tcp,
      netns: hostNetns,
      pid: 1,
      comm: 'sshd',
      cgroup: '',
    };
    identity.sockets.apply({ ...facts, local: key('::'), state: tcpListen });
    expect(identity.isListener(key('192.0.2.1'), 22, tcp)).toBe(true);
    expect(identity.isListener(key('192.0.2.1'), 23, tcp)).toBe(false);
  });
});
