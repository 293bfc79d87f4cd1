import { describe, expect, it } from 'vitest';
import { parseAddress } from '../decode/address.ts';
import { tcpListen } from '../decode/wire.ts';
import { createChanges } from './changes.ts';
import { createIdentity, type Identity } from './identity.ts';
import { createNames } from './names.ts';
import { createSockets } from './sockets.ts';

const tcp = 6;
const hostNetns = 1;
const at = { monoNs: 1000, wallMs: 2000 };
const id = 'a1b2c3d4e5f6';

function key(text: string): string {
  return parseAddress(text) ?? '';
}

function machine(): Identity {
  const identity = createIdentity({ node: 'node-1', namesLimit: 100, namesKeepNs: 1e9 });
  identity.interfaces.reset(hostNetns);
  const common = { state: 'attached', errno: 0 } as const;
  identity.interfaces.apply({
    ...common,
    ifindex: 2,
    name: 'eth0',
    isVeth: false,
    peerNetns: 0,
    peerNetnsName: '',
    addresses: [key('192.0.2.1')],
  });
  identity.interfaces.apply({
    ...common,
    ifindex: 3,
    name: 'veth3',
    isVeth: true,
    peerNetns: 101,
    peerNetnsName: 'blue',
    addresses: [],
  });
  identity.interfaces.learnBehind(key('10.0.0.3'), 3);
  return identity;
}

interface Socket {
  readonly local?: string;
  readonly port?: number;
  readonly netns?: number;
  readonly comm?: string;
  readonly cgroup?: string;
  readonly state?: number;
}

function own(
  identity: Identity,
  { local = '', port = 80, netns = 101, comm = 'server', cgroup = '', state = tcpListen }: Socket,
): void {
  identity.sockets.apply({
    local: local === '' ? key('::') : key(local),
    isWildcard: local === '',
    localPort: port,
    protocol: tcp,
    state,
    netns,
    pid: 42,
    comm,
    cgroup,
  });
}

function learn(identity: Identity, name: string, address: string, aliases: readonly string[] = []): void {
  const client = { address: key('10.0.0.3'), port: 5000 };
  identity.learnName({ client: 0, name, aliases, addresses: [key(address)], ttl: 60, atNs: at.monoNs }, client, 17, at);
}

function who(identity: Identity, address: string, port = 80): string {
  const client = { address: key('10.0.0.3'), port: 5000 };
  const [, end] = identity.resolvePair(client, { address: key(address), port }, tcp, at);
  return `${end.workloadKind} ${end.workload}`;
}

const pod = {
  metadata: {
    name: 'api-0',
    namespace: 'production',
    uid: '1',
    ownerReferences: [{ kind: 'StatefulSet', name: 'api' }],
  },
  spec: { nodeName: 'node-1' },
  status: { podIP: '10.0.0.3', containerStatuses: [{ containerID: `containerd://${id}0000` }] },
};

describe('what an address is called', () => {
  it('is the pod first of all, whatever runs in it', () => {
    const identity = machine();
    own(identity, { cgroup: `/system.slice/docker-${id}${'0'.repeat(52)}.scope` });
    learn(identity, 'api.test', '10.0.0.3');
    identity.applyKubernetes({ resource: 'pods', event: 'list', objects: [pod] }, 1);
    const [from] = identity.resolvePair(
      { address: key('10.0.0.3'), port: 80 },
      { address: key('203.0.113.9'), port: 1 },
      tcp,
      at,
    );
    expect(from).toMatchObject({
      workloadKind: 'StatefulSet',
      pod: 'api-0',
      process: 'server',
      container: id,
      names: ['api.test'],
    });
  });

  it.each<[string, (identity: Identity) => void, string]>([
    ['container', (i) => own(i, { cgroup: `/kubepods/burstable/pod1/${id}${'0'.repeat(52)}` }), `container ${id}`],
    ['unit', (i) => own(i, { cgroup: '/system.slice/nginx.service' }), 'unit nginx.service'],
    ['process', (i) => own(i, { cgroup: '/user.slice/user-0.slice/session-3.scope' }), 'process server'],
    ['network namespace', () => undefined, 'netns blue'],
  ])('is without a pod its %s', (_name, prepare, expected) => {
    const identity = machine();
    prepare(identity);
    expect(who(identity, '10.0.0.3')).toBe(expected);
  });

  it('is the container of a namespace in which nothing else runs, also for sockets not seen', () => {
    const identity = machine();
    own(identity, { port: 9999, cgroup: `/docker/${id}${'0'.repeat(52)}` });
    expect(who(identity, '10.0.0.3', 5432)).toBe(`container ${id}`);
  });

  it('is the node for its own addresses, unless the socket tells more', () => {
    const identity = machine();
    expect(who(identity, '192.0.2.1', 22)).toBe('host node-1');
    own(identity, { port: 22, netns: hostNetns, comm: 'sshd', cgroup: '/system.slice/ssh.service' });
    expect(who(identity, '192.0.2.1', 22)).toBe('unit ssh.service');
  });

  it('is outside its learned name, else the address; groups are one', () => {
    const identity = machine();
    expect(who(identity, '203.0.113.9')).toBe('address 203.0.113.9');
    learn(identity, 'pay.test', '203.0.113.9');
    expect(who(identity, '203.0.113.9')).toBe('name pay.test');
    expect(who(identity, 'ff02::16')).toBe('address multicast');
    expect(who(identity, '255.255.255.255')).toBe('address broadcast');
  });

  it('is called as was asked, and knows what that name stands for', () => {
    const identity = machine();
    learn(identity, 'www.test', '203.0.113.9', ['edge.cdn.test']);
    const client = { address: key('10.0.0.3'), port: 5000 };
    const [, server] = identity.resolvePair(client, { address: key('203.0.113.9'), port: 80 }, tcp, at);
    expect([server.workload, server.names]).toEqual(['www.test', ['www.test', 'edge.cdn.test']]);
  });

  it('is in a cluster the learned name of what is neither pod nor node, even if it runs on this machine', () => {
    const identity = machine();
    identity.interfaces.learnBehind(key('198.51.100.10'), 3);
    own(identity, { port: 443, comm: 'openssl' });
    learn(identity, 'pay.test', '198.51.100.10');
    expect(who(identity, '198.51.100.10', 443)).toBe('process openssl');
    identity.applyKubernetes({ resource: 'pods', event: 'list', objects: [] }, 1);
    expect(who(identity, '198.51.100.10', 443)).toBe('name pay.test');
  });

  it('is the pod for an address of its namespace that the API does not list', () => {
    const identity = machine();
    identity.applyKubernetes({ resource: 'pods', event: 'list', objects: [pod] }, 1);
    identity.interfaces.learnBehind(key('fe80::8c8b:b6ff:fefa:4a9d'), 3);
    expect(who(identity, 'fe80::8c8b:b6ff:fefa:4a9d')).toBe('StatefulSet api');
  });

  it('is another node by name', () => {
    const identity = machine();
    const node = {
      metadata: { name: 'node-2' },
      status: { addresses: [{ type: 'InternalIP', address: '192.0.2.2' }] },
    };
    identity.applyKubernetes({ resource: 'nodes', event: 'list', objects: [node] }, 1);
    expect(who(identity, '192.0.2.2')).toBe('host node-2');
  });
});

describe('interfaces', () => {
  it('with a network behind them are no ends of this machine', () => {
    const { interfaces } = machine();
    expect(interfaces.isLocalEnd(3)).toBe(true);
    for (let i = 1; i <= 20; i += 1) interfaces.learnBehind(key(`203.0.113.${i}`), 3);
    expect(interfaces.isLocalEnd(3)).toBe(false);
    expect(interfaces.netnsOf(key('203.0.113.1'))).toBeUndefined();
    expect(interfaces.netnsOf(key('10.0.0.3'))).toBeUndefined();
  });

  it('teach nothing about addresses that many have', () => {
    const { interfaces } = machine();
    for (const address of ['169.254.1.1', 'fe80::1', 'ff02::1', '::', '192.0.2.1'])
      interfaces.learnBehind(key(address), 3);
    expect(interfaces.netnsOf(key('fe80::1'))).toBeUndefined();
    expect(interfaces.netnsOf(key('192.0.2.1'))).toBeUndefined();
  });
});

describe('names', () => {
  it('are first what the asking workload calls the address', () => {
    const names = createNames({ limit: 10, keepNs: 1000 }, createChanges());
    names.learn('a', 'one.test', 'X', 0, 0);
    names.learn('b', 'two.test', 'X', 0, 1);
    expect(names.lookup(() => 'a', 'X', 2).names).toEqual(['one.test']);
    expect(names.lookup(() => 'c', 'X', 2).names).toEqual(['two.test', 'one.test']);
  });

  it('expire, but not before their time to live', () => {
    const names = createNames({ limit: 10, keepNs: 1000 }, createChanges());
    names.learn('a', 'one.test', 'X', 5, 0);
    expect(names.lookup(() => 'a', 'X', 5e9).names).toEqual(['one.test']);
    expect(names.lookup(() => 'a', 'X', 5e9 + 1).names).toEqual([]);
  });

  it('are bounded: the ones not told for longest go first', () => {
    const names = createNames({ limit: 4, keepNs: 1000 }, createChanges());
    for (const address of ['X', 'Y', 'Z']) names.learn('a', `${address}.test`, address, 0, 0);
    expect(names.size).toBe(4);
    expect([names.lookup(() => 'a', 'X', 1).names, names.lookup(() => 'a', 'Z', 1).names]).toEqual([[], ['Z.test']]);
  });
});

describe('sockets', () => {
  it('are bounded', () => {
    const sockets = createSockets(createChanges(), 4);
    for (let port = 1; port <= 10; port += 1) {
      sockets.apply({
        local: 'X',
        isWildcard: false,
        localPort: port,
        protocol: tcp,
        state: 1,
        netns: 1,
        pid: 1,
        comm: 'c',
        cgroup: '',
      });
    }
    expect(sockets.size).toBe(4);
    expect(sockets.find(1, 'X', 10, tcp)?.process).toBe('c');
    expect(sockets.find(1, 'X', 1, tcp)).toBeUndefined();
  });
});
