/**
 * Pods that come and go under traffic: nothing of a gone pod stays behind, and every flow has the name of the pod that
 * it was, although addresses are given to the next one. PALOMAR_CHURN_PODS sets how many, one a second.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

import { freePort } from '../cli/preflight.ts';
import { bpfPrograms } from './bpf-programs.ts';
import type { KubernetesObject } from './lab/kubernetes-objects.ts';
import { createPodNetwork, removePodNetwork } from './lab/network.ts';
import { podArgv } from './lab/pod-process.ts';
import { runCommand } from './lab/run-command.ts';
import { api, type LabPod } from './lab/topology.ts';
import type { MeasuredStack } from './measured-stack.ts';
import { nginxPorts, startStackWithNginx } from './nginx.ts';
import { eventually } from './stack.ts';

const count = Number(process.env['PALOMAR_CHURN_PODS'] ?? 24);
/** Few, so that each is given away again within seconds. */
const addresses = 6;
const requestsPerPod = 3;

let measured: MeasuredStack;
let metricsUrl = '';
beforeAll(async () => {
  const port = await freePort(0);
  if (!port.ok) throw new Error(port.error);
  const listen = `127.0.0.1:${port.value}`;
  metricsUrl = `http://${listen}/metrics`;
  const started = await startStackWithNginx({ PALOMAR_METRICS_LISTEN: listen });
  measured = started.measured;
  return () => started.stop();
});

function churnPod(n: number): LabPod {
  const slot = n % addresses;
  const byte = (0x10 + slot).toString(16);
  return {
    role: 'frontend',
    namespace: 'production',
    name: `batch-5c6d7f-${n}`,
    owner: { kind: 'Deployment', name: 'batch', hash: '5c6d7f' },
    netns: `palomar-churn-${slot}`,
    link: `palomar-c${slot}`,
    hostMac: `0a:77:00:00:03:${byte}`,
    podMac: `0a:77:00:00:04:${byte}`,
    ipv4: `10.77.3.${slot + 1}`,
    ipv6: `fd77:3::${slot + 1}`,
  };
}

function podObject(pod: LabPod): KubernetesObject {
  const createdAt = new Date().toISOString();
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: pod.name,
      namespace: pod.namespace,
      uid: `00000000-0000-4000-a000-${pod.name.slice(pod.name.lastIndexOf('-') + 1).padStart(12, '0')}`,
      creationTimestamp: createdAt,
      labels: { app: 'batch' },
    },
    spec: { nodeName: hostname(), containers: [{ name: 'batch', image: 'palomar-lab/batch' }] },
    status: {
      phase: 'Running',
      podIP: pod.ipv4,
      podIPs: [{ ip: pod.ipv4 }, { ip: pod.ipv6 }],
      startTime: createdAt,
    },
  };
}

/** A pod's life: it asks a few times under a path that carries its name, and is gone. */
async function live(pod: LabPod): Promise<void> {
  await createPodNetwork(pod);
  const object = podObject(pod);
  measured.lab.kubernetes.put(object);
  for (let n = 0; n < requestsPerPod; n += 1) {
    const url = `http://${api.ipv4}:${nginxPorts.http1}/ok/${pod.name}`;
    await runCommand(podArgv(pod, ['curl', '-sS', '-m', '5', '-o', '/dev/null', url]));
  }
  measured.lab.kubernetes.remove('Pod', pod.namespace, pod.name);
  await removePodNetwork(pod);
}

interface Footprint {
  readonly programs: number;
  readonly files: Readonly<Record<string, number>>;
  readonly rssMib: Readonly<Record<string, number>>;
  /** Entries of the probe's maps, and of the collector's table of conversations. */
  readonly entries: Readonly<Record<string, number>>;
}

const parts = { probe: 'bpf/build/palomar-probe', collector: 'dist/collector/main.js' } as const;

async function entries(): Promise<Record<string, number>> {
  const text = await (await fetch(metricsUrl)).text();
  const maps = [...text.matchAll(/^palomar_probe_map_entries\{map="([^"]+)"\} (\d+)/gm)];
  const connections = /^palomar_collector_connections (\d+)/m.exec(text)?.[1];
  const named = maps.map(([, map, value]) => [map ?? '', Number(value)] as const);
  return Object.fromEntries([...named, ['connections', Number(connections)]]);
}

async function footprint(): Promise<Footprint> {
  const pids = await Promise.all(
    Object.entries(parts).map(async ([name, part]) => [name, await measured.stack.pidOf(part)] as const),
  );
  const rss = (pid: number): number =>
    Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024);
  return {
    programs: bpfPrograms().length,
    files: Object.fromEntries(pids.map(([name, pid]) => [name, readdirSync(`/proc/${pid}/fd`).length])),
    rssMib: Object.fromEntries(pids.map(([name, pid]) => [name, rss(pid)])),
    entries: await entries(),
  };
}

/** What grew from the middle third of the samples to the last: by more than a tenth and more than noise. */
function grown(
  samples: readonly Footprint[],
  of: (sample: Footprint) => Footprint['entries'],
  noise: number,
): string[] {
  const third = Math.floor(samples.length / 3);
  const most = (part: readonly Footprint[], name: string): number =>
    Math.max(...part.map((sample) => of(sample)[name] ?? 0));
  const names = new Set(samples.flatMap((sample) => Object.keys(of(sample))));
  return [...names].flatMap((name) => {
    const [middle, last] = [most(samples.slice(third, 2 * third), name), most(samples.slice(2 * third), name)];
    return last > middle * 1.1 + noise ? [`${name}: ${middle}, then ${last}`] : [];
  });
}

test(
  `${count} pods, one a second, leave nothing behind`,
  async () => {
    const before = await footprint();
    const samples: Footprint[] = [];
    for (let n = 0; n < count; n += 1) {
      const startedMs = performance.now();
      await live(churnPod(n));
      if (n % 60 === 59) samples.push(await footprint());
      await sleep(Math.max(0, 1000 - (performance.now() - startedMs)));
    }
    let now = await footprint();
    console.log(JSON.stringify({ before, samples, after: now }));
    await eventually(
      30_000,
      async () => {
        now = await footprint();
        const { programs, files } = now;
        const isMore = Object.entries(files).some(([name, open]) => open > (before.files[name] ?? 0));
        return programs <= before.programs && !isMore ? true : null;
      },
      () => `no more programs and files than before: ${JSON.stringify(before)}; now ${JSON.stringify(now)}`,
    );
    // Thirds of a short run are a few seconds: they say nothing.
    if (samples.length < 9) return;
    expect(grown(samples, (sample) => sample.rssMib, 8)).toEqual([]);
    expect(grown(samples, (sample) => sample.entries, 50)).toEqual([]);
  },
  120_000 + count * 2000,
);

const namedSchema = z.object({ requests: z.coerce.number(), misnamed: z.coerce.number() });

test('every request is there, with the name of its pod', async () => {
  const query = `
    SELECT count() AS requests, countIf(pod != substring(http_path, length('/ok/') + 1)) AS misnamed
    FROM flows
    LEFT JOIN (SELECT id, any(pod) AS pod FROM endpoints GROUP BY id) AS clients ON clients.id = flows.src_endpoint
    WHERE kind = 'l7_response' AND startsWith(http_path, '/ok/batch-')`;
  const [row] = await eventually(
    30_000,
    async () => {
      const rows = await measured.rows(query, {}, namedSchema);
      return rows[0] !== undefined && rows[0].requests >= count * requestsPerPod ? rows : null;
    },
    () => `${count * requestsPerPod} requests`,
  );
  expect(row).toEqual({ requests: count * requestsPerPod, misnamed: 0 });
});
