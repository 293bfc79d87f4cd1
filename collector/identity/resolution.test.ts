import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../decode/address.ts';
import { tcpListen } from '../decode/wire.ts';
import type { End } from './endpoint.ts';
import { createIdentity, type Identity } from './identity.ts';

const tcp = 6;

function key(text: string): string {
  return parseAddress(text) ?? '';
}

const addresses = ['10.0.0.1', '10.0.0.2', '10.0.0.3', 'fe80::1:2:3:4', '192.0.2.1', '203.0.113.9'].map(key);

function pod(name: string, ip: number, node: string): object {
  return {
    metadata: { name, namespace: 'shop', uid: name, labels: { app: name } },
    spec: { nodeName: node },
    status: { podIP: `10.0.0.${ip}`, containerStatuses: [{ containerID: `containerd://${name.repeat(12)}` }] },
  };
}

function apply(identity: Identity, action: Action, nowMs: number): void {
  const at = { monoNs: nowMs * 1e6, wallMs: nowMs };
  switch (action.does) {
    case 'pod':
      identity.applyKubernetes(
        { resource: 'pods', event: action.gone ? 'delete' : 'put', objects: [pod(action.pod, action.ip, action.node)] },
        nowMs,
      );
      return;
    case 'socket':
      identity.sockets.apply({
        local: action.address,
        isWildcard: action.gone,
        localPort: action.port,
        protocol: tcp,
        state: tcpListen,
        netns: 101,
        pid: 1,
        comm: action.pod,
        cgroup: `/docker/${action.pod.repeat(64)}`,
      });
      return;
    case 'name':
      identity.learnName(
        { client: 0, name: `${action.pod}.test`, aliases: [], addresses: [action.address], ttl: 1, atNs: at.monoNs },
        { address: addresses[0] ?? '', port: 1 },
        tcp,
        at,
      );
      return;
    case 'behind':
      identity.interfaces.learnBehind(action.address, action.ip);
      return;
    case 'interface':
      identity.interfaces.apply({
        state: 'attached',
        errno: 0,
        ifindex: action.ip,
        name: `veth${action.ip}`,
        isVeth: true,
        peerNetns: 100 + action.ip,
        peerNetnsName: '',
        addresses: action.gone ? [key('192.0.2.1')] : [],
      });
      return;
    case 'service':
      identity.applyKubernetes(
        {
          resource: 'services',
          event: action.gone ? 'delete' : 'put',
          objects: [
            {
              metadata: { name: action.pod, namespace: 'shop' },
              spec: { clusterIP: `10.0.0.${action.ip}`, selector: { app: action.pod } },
            },
          ],
        },
        nowMs,
      );
  }
}

const action = fc.record({
  does: fc.constantFrom('pod', 'socket', 'name', 'behind', 'interface', 'service'),
  pod: fc.constantFrom('a', 'b', 'c'),
  node: fc.constantFrom('node-1', 'node-2'),
  address: fc.constantFrom(...addresses),
  ip: fc.integer({ min: 1, max: 3 }),
  port: fc.constantFrom(80, 5000),
  gone: fc.boolean(),
  afterMs: fc.integer({ min: 0, max: 1500 }),
  askedMsAgo: fc.integer({ min: 0, max: 3000 }),
});
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

function machine(): Identity {
  const identity = createIdentity({ node: 'node-1', namesLimit: 100, namesKeepNs: 2e9 });
  identity.interfaces.reset(1);
  return identity;
}

describe('an answer that is said to hold', () => {
  it('is what would be answered now, whatever was learned meanwhile', { timeout: 60_000 }, () => {
    let held = 0;
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
        const identity = machine();
        let nowMs = 10_000;
        const asked: { ends: readonly [End, End]; resolution: ReturnType<Identity['resolve']> }[] = [];
        for (const next of actions) {
          nowMs += next.afterMs;
          apply(identity, next, nowMs);
          const wallMs = nowMs - next.askedMsAgo;
          const at = { monoNs: wallMs * 1e6, wallMs };
          for (const { ends, resolution } of asked) {
            if (!identity.holds(resolution, at)) continue;
            held += 1;
            expect([resolution.from, resolution.to]).toEqual(identity.resolvePair(...ends, tcp, at));
          }
          const ends = [
            { address: next.address, port: 5000 },
            { address: addresses[next.ip] ?? '', port: 80 },
          ] as const;
          asked.push({ ends, resolution: identity.resolve(...ends, tcp, at) });
        }
      }),
      { numRuns: 100 },
    );
    expect(held).toBeGreaterThan(20);
  });

  it('goes on holding when something else was learned', () => {
    const identity = machine();
    const at = { monoNs: 1e9, wallMs: 1000 };
    const client = { address: key('10.0.0.1'), port: 5000 };
    const answer = identity.resolve(client, { address: key('203.0.113.9'), port: 80 }, tcp, at);
    const { version } = identity;
    apply(identity, { ...nothing, does: 'name', address: key('10.0.0.3') }, 1000);
    expect(identity.version).toBeGreaterThan(version);
    expect(identity.holds(answer, at)).toBe(true);
    apply(identity, { ...nothing, does: 'name', address: key('203.0.113.9') }, 1000);
    expect(identity.holds(answer, at)).toBe(false);
  });

  it('ends when a name that had lapsed is learned again', () => {
    const identity = machine();
    apply(identity, { ...nothing, does: 'name' }, 1000);
    const late = { monoNs: 4e9, wallMs: 4000 };
    const server = { address: nothing.address, port: 80 };
    const answer = identity.resolve({ address: key('10.0.0.1'), port: 5000 }, server, tcp, late);
    expect(answer.to.names).toEqual([]);
    apply(identity, { ...nothing, does: 'name' }, 4000);
    expect(identity.holds(answer, late)).toBe(false);
  });

  it('does not raise the version when what is known is told again', () => {
    const identity = machine();
    apply(identity, { ...nothing, does: 'socket' }, 1000);
    apply(identity, { ...nothing, does: 'name' }, 1000);
    const { version } = identity;
    apply(identity, { ...nothing, does: 'socket' }, 1500);
    apply(identity, { ...nothing, does: 'name' }, 1500);
    expect(identity.version).toBe(version);
  });
});

const nothing: Action = {
  does: 'pod',
  pod: 'a',
  node: 'node-1',
  address: key('203.0.113.9'),
  ip: 1,
  port: 80,
  gone: false,
  afterMs: 0,
  askedMsAgo: 0,
};
