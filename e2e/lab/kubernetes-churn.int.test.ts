/**
 * Two thousand pods that come and go with addresses used again, while the server is cut off, compacted and overloaded:
 * flows asked about meanwhile have the right names, and in the end nothing is left. Loopback only.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createCounters } from '../../collector/counters.ts';
import { parseAddress } from '../../collector/decode/address.ts';
import { createIdentity } from '../../collector/identity/identity.ts';
import { plainAccess } from '../../collector/identity/kubernetes-access.ts';
import { createKubernetesWatch, type KubernetesWatch } from '../../collector/identity/kubernetes-watch.ts';
import type { KubernetesObject } from './kubernetes-objects.ts';
import { createKubernetesStandIn, type KubernetesStandIn } from './kubernetes-stand-in.ts';

const lives = 2000;
const addresses = 40;
const workloads = 7;
const hourMs = 3_600_000;

let standIn: KubernetesStandIn | null = null;
let watch: KubernetesWatch | null = null;

afterEach(async () => {
  await watch?.stop();
  await standIn?.stop();
});

function key(text: string): string {
  return parseAddress(text) ?? '';
}

function pod(life: number): KubernetesObject & { readonly address: string } {
  const address = `10.244.${(life % addresses) >> 4}.${1 + (life % 16)}`;
  const app = `app-${life % workloads}`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    address,
    metadata: {
      name: `${app}-${life}`,
      namespace: 'churn',
      uid: `uid-${life}`,
      labels: { app },
      ownerReferences: [{ kind: 'StatefulSet', name: app, controller: true }],
    },
    spec: { nodeName: 'node-2' },
    status: { phase: 'Running', podIP: address, podIPs: [{ ip: address }] },
  };
}

/** Repeats itself from its seed. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

async function begin() {
  const server = createKubernetesStandIn({ host: '127.0.0.1', port: 0, history: 400, bookmarkEveryMs: 50 });
  standIn = server;
  const clock = { nowMs: 1_000_000, now: () => clock.nowMs };
  const counters = createCounters();
  const identity = createIdentity({ node: 'node-1', namesLimit: 1000, namesKeepNs: 1e9 }, { counters });
  watch = createKubernetesWatch({
    get: plainAccess(await server.start()),
    counters,
    random: () => 0,
    clock,
    log: { info: () => undefined, warn: () => undefined },
    onChange: (change) => void identity.applyKubernetes(change, clock.nowMs),
  });
  watch.start(new AbortController().signal);
  await watch.synced;
  const podAt = (address: string, atMs: number): string => {
    const end = { address: key(address), port: 80 };
    return identity.resolvePair(end, end, 6, { monoNs: atMs * 1e6, wallMs: atMs })[0].pod;
  };
  return { server, clock, counters, identity, podAt };
}

async function until(isTrue: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !isTrue(); waited += 1) {
    if (waited > 6000) throw new Error(`waited in vain for ${what}`);
    await sleep(5);
  }
}

describe('pods that come and go', () => {
  it('are named rightly all the time, and leave nothing behind', { timeout: 120_000 }, async () => {
    const { server, clock, counters, identity, podAt } = await begin();
    const base = identity.kubernetes.sizes;
    const random = dice(7);
    const wrong: string[] = [];
    const running: ReturnType<typeof pod>[] = [];
    /** When each was told to be there, for asking about the past. */
    const toldMs = new Map<string, number>();

    for (let life = 0; life < lives; life += 1) {
      clock.nowMs += 50;
      const next = pod(life);
      const before = running.find(({ address }) => address === next.address);
      if (before !== undefined) {
        running.splice(running.indexOf(before), 1);
        server.remove('Pod', 'churn', before.metadata.name);
      }
      if (life % 211 === 0) server.cutWatches();
      if (life % 331 === 0) server.compact();
      if (life % 509 === 0) server.refuseNext(2, random() < 0.5 ? 503 : 429);
      server.put(next);
      running.push(next);
      await until(() => podAt(next.address, clock.nowMs) === next.metadata.name, next.metadata.name);
      toldMs.set(next.metadata.name, clock.nowMs);
      // Somebody who still runs, now, and whoever had this address before, when it had it.
      const other = running[Math.floor(random() * running.length)] ?? next;
      if (podAt(other.address, clock.nowMs) !== other.metadata.name) wrong.push(`now ${other.metadata.name}`);
      const past = before === undefined ? undefined : toldMs.get(before.metadata.name);
      if (before !== undefined && past !== undefined && podAt(before.address, past) !== before.metadata.name) {
        wrong.push(`then ${before.metadata.name}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(identity.kubernetes.sizes.pods).toBe(running.length);
    expect(counters.read('kubernetes_errors')).toBeGreaterThan(0);

    for (const left of running) server.remove('Pod', 'churn', left.metadata.name);
    await until(() => identity.kubernetes.sizes.pods === 0, 'the last pod to go');
    clock.nowMs += hourMs;
    server.put({ ...pod(0), kind: 'Namespace', apiVersion: 'v1', metadata: { name: 'later' } });
    await until(() => identity.kubernetes.sizes.gonePods === 0, 'the gone pods to be forgotten');
    expect(identity.kubernetes.sizes).toEqual(base);
  });
});
