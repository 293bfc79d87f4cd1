/**
 * The lab: pods in network namespaces with real programs in them, and a stand-in for the Kubernetes API that names
 * them. Everything it makes has a fixed name and is gone after `stop`; what a killed lab left is removed by the next.
 */
import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { err, ok, type Result } from '../../model/result.ts';
import { createJournal, type Journal } from './journal.ts';
import { labObjects } from './kubernetes-objects.ts';
import { createKubernetesStandIn, type KubernetesStandIn } from './kubernetes-stand-in.ts';
import { type Lock, takeLock } from './lock.ts';
import { createNetwork, removeNetwork } from './network.ts';
import { podArgv, type PodProcess, type PodProcessOptions, startPodProcess } from './pod-process.ts';
import type { PodConfig } from './pods/pod-config.ts';
import { checkRequirements, type Requirements } from './requirements.ts';
import { runCommand, tryCommand, type Outcome } from './run-command.ts';
import {
  createCertificate,
  createDatabaseCluster,
  dnsmasqArgv,
  dnsmasqReady,
  postgresArgv,
  postgresReady,
} from './servers.ts';
import {
  api,
  dns,
  frontend,
  type LabPod,
  names,
  outside,
  type PodRole,
  pods,
  podRoles,
  ports,
  postgres,
} from './topology.ts';

export interface LabOptions {
  /** The built `main.js` of this folder: pods run it, too. */
  readonly entry: string;
  /** Where to look for programs, as in PATH. */
  readonly path: string;
  readonly requestsPerSecond: number;
  readonly kubernetesListen: { readonly host: string; readonly port: number };
  /** False: only PostgreSQL and DNS run, and nobody talks to anybody. */
  readonly applications: boolean;
  readonly log: (message: string, facts?: Readonly<Record<string, unknown>>) => void;
}

interface LabProcess extends PodProcess {
  readonly journal: Journal;
}

export interface Lab {
  readonly pods: readonly LabPod[];
  readonly kubernetesUrl: string;
  readonly kubernetes: KubernetesStandIn;
  /** What the pod's own program said. */
  journal(role: PodRole): Journal;
  /** Runs a program in a pod to its end and resolves with its output. */
  exec(pod: LabPod, argv: readonly string[]): Promise<string>;
  /** The same for a program that may fail: resolves however it ends. */
  attempt(pod: LabPod, argv: readonly string[]): Promise<Outcome>;
  /** Starts a program in a pod; it is stopped with the lab at the latest. */
  spawn(pod: LabPod, argv: readonly string[], options?: PodProcessOptions): LabProcess;
  /** Resolves with one line when a pod's program ends that should not have. */
  readonly broken: Promise<string>;
  stop(): Promise<void>;
}

const lockName = 'palomar-lab';
/** On Debian a tmpfs; holds the database, the certificate and the saved kernel settings. */
const folder = '/run/palomar-lab';
const savedSysctls = '/run/palomar-lab.sysctls';
const journalLimit = 5000;
const readyMs = 30_000;

async function removeAll(): Promise<readonly string[]> {
  const found = [...(await removeNetwork(savedSysctls))];
  if (existsSync(folder)) {
    found.push(`folder ${folder}`);
    rmSync(folder, { recursive: true, force: true });
  }
  return found;
}

/** Takes the lock and removes what a killed lab left behind. */
async function begin(): Promise<Result<{ lock: Lock; found: readonly string[] }, string>> {
  const lock = await takeLock(lockName);
  if (!lock.ok) return err('another lab is running on this host; stop it first');
  return ok({ lock: lock.value, found: await removeAll() });
}

/** Removes what a killed lab left behind and resolves with what that was. */
export async function removeLeftovers(
  uid: number | undefined,
  path: string,
): Promise<Result<readonly string[], string>> {
  const requirements = checkRequirements(uid, path);
  if (!requirements.ok) return requirements;
  const begun = await begin();
  if (!begun.ok) return begun;
  await begun.value.lock.release();
  return ok(begun.value.found);
}

function nodeAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find((address) => !address.internal && address.family === 'IPv4')?.address ?? '127.0.0.1';
}

/** Programs that run, by pod, and the journals they write. */
function createPrograms(options: LabOptions) {
  const journals = new Map<PodRole, Journal>(podRoles.map((role) => [role, createJournal({ limit: journalLimit })]));
  const running: { readonly pod: LabPod; readonly process: PodProcess }[] = [];
  let isStopping = false;
  let tellBroken: (line: string) => void;
  const broken = new Promise<string>((resolve) => (tellBroken = resolve));

  const journal = (role: PodRole): Journal => {
    const found = journals.get(role);
    if (!found) throw new Error(`no pod ${role}`);
    return found;
  };

  return {
    journal,
    broken,
    /** Starts the pod's own program and waits until its journal says that it serves. */
    async serve(
      pod: LabPod,
      argv: readonly string[],
      ready: { readonly event: string; readonly text?: string },
      processOptions: PodProcessOptions = {},
    ): Promise<void> {
      const process = startPodProcess(pod, argv, { journal: journal(pod.role) }, processOptions);
      running.push({ pod, process });
      const gone = process.exited.then((how) => {
        const line = `${pod.name} ended (${how}): ${JSON.stringify(journal(pod.role).entries.slice(-3))}`;
        if (!isStopping) tellBroken(line);
        return line;
      });
      const isReady = journal(pod.role).waitFor(
        `${pod.name} ready`,
        (entry) =>
          entry.event === ready.event && (ready.text === undefined || String(entry['text']).includes(ready.text)),
        readyMs,
      );
      const ended = await Promise.race([isReady.then(() => undefined), gone]);
      if (ended !== undefined) {
        isReady.catch(() => undefined);
        throw new Error(ended);
      }
      options.log('pod is up', { pod: pod.name, pid: process.pid });
    },
    extra(pod: LabPod, argv: readonly string[], processOptions: PodProcessOptions = {}): LabProcess {
      const ownJournal = createJournal({ limit: journalLimit });
      const process = startPodProcess(pod, argv, { journal: ownJournal }, processOptions);
      running.push({ pod, process });
      return { ...process, journal: ownJournal };
    },
    /** Clients first, so that nobody calls a server that has gone; the database's data is thrown away anyway. */
    async stop(): Promise<void> {
      isStopping = true;
      for (const role of ['frontend', 'api', 'outside', 'dns', 'postgres'] as const) {
        const signal = role === 'postgres' ? 'SIGQUIT' : 'SIGTERM';
        const ofRole = running.filter(({ pod }) => pod.role === role);
        await Promise.all(ofRole.map(({ process }) => process.stop(signal, 900)));
      }
    },
  };
}

type Programs = ReturnType<typeof createPrograms>;

async function startServers(programs: Programs, requirements: Requirements): Promise<void> {
  const { postgresFolder: bin, owner } = requirements;
  const as = { user: String(owner.uid), group: String(owner.gid) };
  const data = await createDatabaseCluster({ bin, folder }, owner);
  const postgresText = { event: 'text', text: postgresReady };
  await programs.serve(postgres, postgresArgv(bin, data), postgresText, { ...as, privateIpc: true });
  await programs.serve(dns, dnsmasqArgv(), { event: 'text', text: dnsmasqReady }, as);
}

async function startApplications(programs: Programs, options: LabOptions): Promise<void> {
  const { key, cert } = await createCertificate(folder);
  const nameservers = { ipv4: dns.ipv4, ipv6: dns.ipv6 };
  const payment = { name: names.outside, port: ports.https, caFile: cert };
  const configs: readonly (readonly [LabPod, PodConfig])[] = [
    [
      outside,
      {
        role: 'outside',
        listenPort: ports.https,
        keyFile: key,
        certFile: cert,
        webhook: {
          host: 'shop.example.com',
          port: ports.http,
          addresses: { ipv4: frontend.ipv4, ipv6: frontend.ipv6 },
        },
      },
    ],
    [
      api,
      {
        role: 'api',
        nameservers,
        listenPort: ports.http,
        database: { name: names.postgres, port: ports.postgres, user: 'palomar' },
        payment,
        unknownName: 'inventory.production.svc.cluster.local',
      },
    ],
    [
      frontend,
      {
        role: 'frontend',
        nameservers,
        requestsPerSecond: options.requestsPerSecond,
        listenPort: ports.http,
        api: { name: names.api, port: ports.http },
        payment,
      },
    ],
  ];
  for (const [pod, config] of configs) {
    const argv = [process.execPath, options.entry, 'pod', JSON.stringify(config)];
    await programs.serve(pod, argv, { event: 'listening' }).catch((cause: unknown) => {
      const hint = 'does a firewall on this host drop forwarded packets?';
      throw new Error(`${cause instanceof Error ? cause.message : String(cause)} (${hint})`, { cause });
    });
  }
}

/** Brings the lab up; when `signal` aborts or a step fails, what was made is removed again. */
export async function startLab(options: LabOptions, signal?: AbortSignal): Promise<Result<Lab, string>> {
  const requirements = checkRequirements(process.getuid?.(), options.path);
  if (!requirements.ok) return requirements;
  const begun = await begin();
  if (!begun.ok) return begun;
  const { lock, found } = begun.value;
  if (found.length > 0) options.log('removed what an earlier lab left', { found });

  const programs = createPrograms(options);
  const kubernetes = createKubernetesStandIn(options.kubernetesListen);
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> =>
    (stopping ??= (async () => {
      await programs.stop();
      await kubernetes.stop();
      await removeAll();
      await lock.release();
    })());

  try {
    mkdirSync(folder, { mode: 0o755 });
    chmodSync(folder, 0o755);
    const node = { name: hostname(), address: nodeAddress(), createdAt: new Date().toISOString() };
    for (const object of labObjects(node)) kubernetes.put(object);
    const kubernetesUrl = await kubernetes.start();
    for (const step of [
      () => createNetwork(savedSysctls),
      () => startServers(programs, requirements.value),
      () => (options.applications ? startApplications(programs, options) : Promise.resolve()),
    ]) {
      signal?.throwIfAborted();
      await step();
    }
    return ok({
      pods,
      kubernetesUrl,
      kubernetes,
      journal: (role) => programs.journal(role),
      broken: programs.broken,
      exec: (pod, argv) => runCommand(podArgv(pod, argv)),
      attempt: (pod, argv) => tryCommand(podArgv(pod, argv)),
      spawn: (pod, argv, processOptions) => programs.extra(pod, argv, processOptions),
      stop,
    });
  } catch (cause) {
    await stop();
    if (signal?.aborted === true) return err('stopped while starting');
    throw cause;
  }
}

/** One line per pod, for people. */
export function describePods(): string {
  const rows = pods.map((pod) => [
    pod.namespace === '' ? 'outside' : `${pod.namespace}/${pod.owner?.name ?? pod.name}`,
    pod.name,
    pod.ipv4,
    pod.ipv6,
    pod.link,
    pod.netns,
  ]);
  const widths = [0, 1, 2, 3, 4, 5].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
