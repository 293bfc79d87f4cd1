/**
 * Entry of the collector process: reads the environment, builds the parts, and stops them on SIGTERM, SIGINT or when the
 * supervisor is gone.
 */
import { access, constants } from 'node:fs/promises';
import { pino } from 'pino';
import { createWriter } from '../db/writer.ts';
import { openSpill, type Spill } from '../db/writer/spill.ts';
import { createCollector, type CaptureSource, type Collector } from './collector.ts';
import { readSettings, redactionOf, type Settings } from './config.ts';
import { createCounters, type Counters } from './counters.ts';
import { clusterNameFrom } from './identity/cluster-name.ts';
import { createIdentity, type Identity } from './identity/identity.ts';
import { configuredAccess, plainAccess, type KubernetesFetch } from './identity/kubernetes-access.ts';
import type { Change } from './identity/kubernetes-objects.ts';
import { createKubernetesWatch, type KubernetesWatch } from './identity/kubernetes-watch.ts';
import { createNetworkFile } from './identity/network-file.ts';
import { createMetricsServer, createRegistry, type MetricsServer } from './metrics.ts';
import { createRecorder } from './source/recorder.ts';
import { checkRecording } from './source/recording.ts';

const configurationError = 2;
const stopWithinMs = 4000;

/** A setting that cannot work; the message names it and the fix. */
class SettingError extends Error {}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function captureSource(settings: Settings): Promise<CaptureSource> {
  const { PALOMAR_REPLAY: replay, PALOMAR_PROBE_SOCKET: socketPath } = settings;
  if (replay !== undefined) {
    const checked = await checkRecording(replay).catch((error: unknown) => {
      throw new SettingError(`PALOMAR_REPLAY: cannot read ${replay}: ${messageOf(error)}`);
    });
    if (checked.ok) return { kind: 'recording', path: replay, lastRealNs: checked.value.lastRealNs };
    const { offset, message } = checked.error;
    throw new SettingError(`PALOMAR_REPLAY: ${replay} is damaged at byte ${offset}: ${message}; record it again`);
  }
  return socketPath === undefined ? { kind: 'none' } : { kind: 'probe', socketPath };
}

async function kubernetesAccess(settings: Settings): Promise<KubernetesFetch | null> {
  // A replay brings its own names: today's pods are not those of the recording.
  if (settings.PALOMAR_REPLAY !== undefined) return null;
  if (settings.PALOMAR_KUBERNETES_URL !== undefined) return plainAccess(settings.PALOMAR_KUBERNETES_URL);
  if (settings.KUBECONFIG === undefined && settings.KUBERNETES_SERVICE_HOST === undefined) return null;
  return configuredAccess(settings.KUBECONFIG).catch((error: unknown) => {
    throw new SettingError(`KUBECONFIG: cannot be used: ${messageOf(error)}`);
  });
}

async function ensureWritable(path: string): Promise<void> {
  const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) || '/' : '.';
  await access(folder, constants.W_OK).catch(() => {
    throw new SettingError(`PALOMAR_RECORD: cannot write to ${folder}; name a file in a directory that is writable`);
  });
}

function watchKubernetes(
  get: KubernetesFetch | null,
  counters: Counters,
  log: pino.Logger,
  clock: { now(): number },
  onChange: (change: Change) => void,
): KubernetesWatch | null {
  return get === null ? null : createKubernetesWatch({ get, counters, log, clock, random: Math.random, onChange });
}

async function followNetworks(
  path: string,
  identity: Identity,
  deps: { readonly counters: Counters; readonly log: pino.Logger },
  signal: AbortSignal,
): Promise<void> {
  const file = createNetworkFile(path, { ...deps, onNetworks: (networks) => identity.useNetworks(networks) });
  const loaded = await file.load();
  if (!loaded.ok) throw new SettingError(`PALOMAR_NETWORKS: ${path}: ${loaded.error.join('\n  ')}`);
  void file.follow(signal);
}

const unnamedCluster = 'default';

async function clusterName(
  settings: Settings,
  get: KubernetesFetch | null,
  signal: AbortSignal,
  log: pino.Logger,
): Promise<string> {
  if (settings.PALOMAR_CLUSTER !== undefined) return settings.PALOMAR_CLUSTER;
  if (get === null) return unnamedCluster;
  const told = await clusterNameFrom(get, signal).catch((error: unknown) => {
    log.warn({ err: error }, 'the kubernetes api does not tell the name of the cluster; set PALOMAR_CLUSTER');
    return undefined;
  });
  return told ?? unnamedCluster;
}

/** A recording can wait, and is there again at the next start: only what cannot is kept on disk. */
function spillOf(settings: Settings): Spill | null {
  const { PALOMAR_SPILL_DIR: directory, PALOMAR_SPILL_MAX_MIB: maxMib } = settings;
  if (directory === undefined) return null;
  const opened = openSpill({ directory, maxBytes: maxMib * 2 ** 20 });
  if (!opened.ok) throw new SettingError(`PALOMAR_SPILL_DIR: ${opened.error}`);
  return opened.value;
}

interface Running {
  readonly collector: Collector;
  readonly metrics: MetricsServer | null;
}

async function start(settings: Settings, signal: AbortSignal, log: pino.Logger): Promise<Running> {
  const capture = await captureSource(settings);
  const get = await kubernetesAccess(settings);
  const { PALOMAR_NODE: node, PALOMAR_RECORD: record, PALOMAR_NETWORKS: networks } = settings;
  const cluster = await clusterName(settings, get, signal, log);
  if (record !== undefined) await ensureWritable(record);

  const clock = { now: () => Date.now() };
  const counters = createCounters();
  const identity = createIdentity({ node, namesLimit: 100_000, namesKeepNs: 3600e9 }, { counters });
  if (networks !== undefined) await followNetworks(networks, identity, { counters, log }, signal);
  const writer = createWriter(
    {
      url: settings.CLICKHOUSE_URL,
      cluster: settings.CLICKHOUSE_CLUSTER ?? null,
      spill: capture.kind === 'recording' ? null : spillOf(settings),
    },
    { log: log.child({ component: 'writer' }), clock, random: Math.random },
  );
  const kubernetes = watchKubernetes(get, counters, log, clock, (change) => collector.onKubernetes(change));
  const snapshot = () => identity.kubernetes.snapshot();
  const recorder = record === undefined ? null : createRecorder(record, { snapshot, log });
  const collector = createCollector(
    { cluster, node, capture, missing: settings.PALOMAR_CAPTURE_MISSING, redaction: redactionOf(settings) },
    { identity, counters, writer, kubernetes, recorder, log, clock, random: Math.random },
  );

  const { PALOMAR_METRICS_LISTEN: listen } = settings;
  const registry = createRegistry({
    counters,
    probeStats: () => collector.pipeline.probeStats,
    mapPressure: () => collector.pipeline.mapPressure,
    reasonTotals: () => collector.pipeline.reasonTotals,
    connections: () => collector.pipeline.connections,
    rows: () => collector.pipeline.rows,
    writer: () => writer.stats,
    isLive: () => collector.mode === 'live',
  });
  const metrics = listen === undefined ? null : createMetricsServer(listen, registry);
  await metrics?.start().catch((error: unknown) => {
    throw new SettingError(`PALOMAR_METRICS_LISTEN: ${messageOf(error)}; choose a free port`);
  });
  collector.start(signal);
  return { collector, metrics };
}

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  if (!settings.ok) throw new SettingError(settings.error);
  const log = pino({ level: settings.value.PALOMAR_LOG_LEVEL, base: { component: 'collector' } }, pino.destination(2));
  const stopping = new AbortController();
  let running: Running | null = null;

  const stop = async (reason: string): Promise<void> => {
    if (stopping.signal.aborted) return;
    log.info({ reason }, 'stopping');
    stopping.abort();
    // Whatever hangs must not keep the supervisor waiting.
    setTimeout(() => process.exit(0), stopWithinMs).unref();
    await running?.collector.stop();
    await running?.metrics?.stop();
    process.exit(0);
  };
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));
  process.on('disconnect', () => void stop('the supervisor is gone'));

  running = await start(settings.value, stopping.signal, log);
  const { collector } = running;
  process.send?.({ ready: true, mode: collector.mode });
  const played = await collector.played;
  if (!played.ok) throw new SettingError(`the recording changed while it was played: ${played.error.message}`);
}

main().catch((error: unknown) => {
  if (error instanceof SettingError) {
    process.stderr.write(`collector: ${error.message}\n`);
    process.exit(configurationError);
  }
  throw error;
});
