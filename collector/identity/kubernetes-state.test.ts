import { describe, expect, it } from 'vitest';
import { parseAddress } from '../decode/address.ts';
import { createChanges } from './changes.ts';
import { createKubernetesState } from './kubernetes-state.ts';
import { identityOf } from './label-sets.ts';

interface PodFields {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly ips?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly owner?: { readonly kind: string; readonly name: string };
  readonly hostNetwork?: boolean;
  readonly phase?: string;
  readonly containerID?: string;
}

function pod(fields: PodFields = {}): object {
  const { name = 'api-6f4c8d-lk3m1', namespace = 'production', ips = ['10.77.1.20', 'fd77::20'], owner } = fields;
  return {
    metadata: {
      name,
      namespace,
      uid: fields.uid ?? name,
      labels: fields.labels ?? { app: 'api', 'pod-template-hash': '6f4c8d' },
      ownerReferences: owner === undefined ? null : [{ ...owner, uid: 'x', controller: true }],
    },
    spec: {
      nodeName: 'node-1',
      hostNetwork: fields.hostNetwork ?? false,
      containers: [{ name: 'main', ports: [{ containerPort: 8080 }] }],
    },
    status: {
      phase: fields.phase ?? 'Running',
      podIP: ips[0],
      podIPs: ips.map((ip) => ({ ip })),
      containerStatuses: [{ containerID: fields.containerID ?? 'containerd://0123456789abcdef' }],
    },
  };
}

function service(name: string, clusterIP: string, selector: Readonly<Record<string, string>>): object {
  return { metadata: { name, namespace: 'production' }, spec: { clusterIP, selector, ports: [{ port: 80 }] } };
}

function key(text: string): string {
  return parseAddress(text) ?? '';
}

function cluster(...pods: readonly object[]) {
  const state = createKubernetesState({ node: 'node-1', changes: createChanges() });
  state.apply({ resource: 'pods', event: 'list', objects: [...pods] }, 1000);
  return state;
}

const replicaSet = { kind: 'ReplicaSet', name: 'api-6f4c8d' };

describe('pods by address', () => {
  it('are found by each of their addresses, with labels and identity as Cilium forms them', () => {
    const state = cluster(pod({ owner: replicaSet }));
    const labels = ['k8s:app=api', 'k8s:io.kubernetes.pod.namespace=production'];
    for (const address of ['10.77.1.20', 'fd77::20']) {
      expect(state.podAt(key(address), 2000)).toEqual({
        namespace: 'production',
        pod: 'api-6f4c8d-lk3m1',
        workload: 'api',
        workloadKind: 'Deployment',
        service: '',
        labels,
        identity: identityOf(labels),
        names: [],
        process: '',
        unit: '',
        container: '',
        nodeName: 'node-1',
      });
    }
  });

  it.each<[string, PodFields, readonly [string, string]]>([
    ['a pod of its own', {}, ['Pod', 'api-6f4c8d-lk3m1']],
    ['a StatefulSet', { owner: { kind: 'StatefulSet', name: 'postgres' } }, ['StatefulSet', 'postgres']],
    ['a Deployment, by the template hash', { owner: replicaSet }, ['Deployment', 'api']],
    ['a bare ReplicaSet', { owner: { kind: 'ReplicaSet', name: 'bare' } }, ['ReplicaSet', 'bare']],
    ['a DaemonSet', { owner: { kind: 'DaemonSet', name: 'agent' } }, ['DaemonSet', 'agent']],
  ])('belong to %s', (_name, fields, [kind, name]) => {
    const found = cluster(pod(fields)).podAt(key('10.77.1.20'), 2000);
    expect([found?.workloadKind, found?.workload]).toEqual([kind, name]);
  });

  it('belong to whatever the ReplicaSet says it belongs to', () => {
    const state = cluster(pod({ owner: replicaSet }));
    const owner = { kind: 'Rollout', name: 'api-rollout', controller: true };
    const set = { metadata: { ...replicaSet, namespace: 'production', ownerReferences: [owner] } };
    state.apply({ resource: 'replicasets', event: 'list', objects: [set] }, 1000);
    expect(state.podAt(key('10.77.1.20'), 2000)).toMatchObject({ workload: 'api-rollout', workloadKind: 'Rollout' });
  });

  it('stay known when they are gone, until another pod has the address', () => {
    const state = cluster(pod({ name: 'old' }));
    state.apply({ resource: 'pods', event: 'delete', objects: [pod({ name: 'old' })] }, 5000);
    expect(state.podAt(key('10.77.1.20'), 9000)?.pod).toBe('old');
    state.apply({ resource: 'pods', event: 'put', objects: [pod({ name: 'new' })] }, 10_000);
    expect(state.podAt(key('10.77.1.20'), 4000)?.pod).toBe('old');
    // Packets of the new pod that came before the API told of it.
    expect(state.podAt(key('10.77.1.20'), 9000)?.pod).toBe('new');
    expect(state.podAt(key('10.77.1.20'), 11_000)?.pod).toBe('new');
  });

  it('are told apart when one name is used again', () => {
    const state = cluster(pod({ name: 'postgres-0', uid: '1', labels: { v: '1' } }));
    state.apply(
      { resource: 'pods', event: 'put', objects: [pod({ name: 'postgres-0', uid: '2', labels: { v: '2' } })] },
      5000,
    );
    expect(state.podAt(key('10.77.1.20'), 2000)?.labels[1]).toBe('k8s:v=1');
    expect(state.podAt(key('10.77.1.20'), 6000)?.labels[1]).toBe('k8s:v=2');
  });

  it('that finished or share the address of the node are not found by it', () => {
    expect(cluster(pod({ phase: 'Succeeded' })).podAt(key('10.77.1.20'), 2000)).toBeUndefined();
    const state = cluster(pod({ hostNetwork: true, containerID: 'cri-o://fedcba9876543210' }));
    expect(state.podAt(key('10.77.1.20'), 2000)).toBeUndefined();
    expect(state.podOfContainer('fedcba987654')?.pod).toBe('api-6f4c8d-lk3m1');
  });

  it('that a new list does not have are gone', () => {
    const state = cluster(pod({ name: 'one' }), pod({ name: 'two', ips: ['10.77.1.21'] }));
    state.apply({ resource: 'pods', event: 'list', objects: [pod({ name: 'two', ips: ['10.77.1.21'] })] }, 5000);
    expect(state.sizes.pods).toBe(1);
  });

  it('carry the labels of their namespace', () => {
    const state = cluster(pod());
    state.apply(
      {
        resource: 'namespaces',
        event: 'list',
        objects: [{ metadata: { name: 'production', labels: { team: 'pay' } } }],
      },
      1,
    );
    expect(state.podAt(key('10.77.1.20'), 2000)?.labels).toContain('k8s:io.cilium.k8s.namespace.labels.team=pay');
  });
});

describe('services', () => {
  it('are the workload behind them when there is one, and lend it their name', () => {
    const state = cluster(pod({ owner: replicaSet }));
    state.apply({ resource: 'services', event: 'list', objects: [service('api', '10.96.0.10', { app: 'api' })] }, 1);
    expect(state.serviceAt(key('10.96.0.10'))).toMatchObject({
      service: 'api',
      workload: 'api',
      workloadKind: 'Deployment',
    });
    expect(state.podAt(key('10.77.1.20'), 2000)?.service).toBe('api');
    expect(state.isServedPort(key('10.96.0.10'), 80, 6)).toBe(true);
    expect(state.isServedPort(key('10.77.1.20'), 8080, 6)).toBe(true);
    expect(state.isServedPort(key('10.77.1.20'), 8080, 17)).toBe(false);
  });

  it('are themselves when several workloads or none are behind them', () => {
    const state = cluster(
      pod({ name: 'a', owner: { kind: 'StatefulSet', name: 'a' } }),
      pod({ name: 'b', ips: ['10.77.1.21'], owner: { kind: 'StatefulSet', name: 'b' } }),
    );
    const objects = [service('all', '10.96.0.10', { app: 'api' }), service('none', '10.96.0.11', {})];
    state.apply({ resource: 'services', event: 'list', objects }, 1);
    expect(state.serviceAt(key('10.96.0.10'))).toMatchObject({ workload: 'all', workloadKind: 'Service' });
    expect(state.serviceAt(key('10.96.0.11'))).toMatchObject({ workload: 'none', workloadKind: 'Service' });
  });
});

describe('what the API says', () => {
  it('may hold objects that are not as expected: they are counted and left out', () => {
    const state = createKubernetesState({ node: 'node-1', changes: createChanges() });
    expect(state.apply({ resource: 'pods', event: 'list', objects: [pod(), { metadata: 7 }, null] }, 1)).toBe(2);
    expect(state.sizes.pods).toBe(1);
  });

  it('can be played again from a snapshot', () => {
    const state = cluster(pod({ owner: replicaSet }));
    state.apply(
      {
        resource: 'nodes',
        event: 'list',
        objects: [
          { metadata: { name: 'node-1' }, status: { addresses: [{ type: 'InternalIP', address: '192.0.2.1' }] } },
        ],
      },
      1,
    );
    const again = createKubernetesState({ node: 'node-1', changes: createChanges() });
    for (const change of state.snapshot()) {
      again.apply(JSON.parse(JSON.stringify(change)) as typeof change, 1);
    }
    expect(again.podAt(key('10.77.1.20'), 2000)).toEqual(state.podAt(key('10.77.1.20'), 2000));
    expect(again.nodes.at(key('192.0.2.1'))?.name).toBe('node-1');
  });

  it('is not replayed as an empty cluster when pods were never listed', () => {
    expect(
      createKubernetesState({ node: 'node-1', changes: createChanges() })
        .snapshot()
        .some(({ resource }) => resource === 'pods'),
    ).toBe(false);
  });
});

describe('identity numbers', () => {
  it('are the same for the same labels and lie in the range of workloads', () => {
    expect(identityOf(['k8s:a=1'])).toBe(identityOf(['k8s:a=1']));
    expect(identityOf(['k8s:a=1'])).not.toBe(identityOf(['k8s:a=2']));
    for (let i = 0; i < 200; i += 1) {
      const number = identityOf([`k8s:app=${i}`]);
      expect(number >= 256 && number < 1 << 24).toBe(true);
    }
  });
});
