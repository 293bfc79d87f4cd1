/**
 * The daemon: reads frames from the probe's socket or a recording, turns them into rows, and tells the store how capture
 * stands. Builds nothing that reaches outside by itself: sources and writer come from main.ts.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Writer } from '../db/writer.ts';
import { lossesOf, type Losses } from '../db/writer/tally.ts';
import type { Result } from '../model/result.ts';
import type { CaptureMode } from '../model/status-columns.ts';
import type { Counters } from './counters.ts';
import type { Log } from './log.ts';
import { createFrameParser, type Frame, type FrameError, type FrameParser } from './decode/frame-parser.ts';
import type { Hello } from './decode/records.ts';
import { flowKey, frameHeader, frameType, l7Verdict, wireMagic, wireVersion } from './decode/wire.ts';
import type { Identity } from './identity/identity.ts';
import type { Change } from './identity/kubernetes-objects.ts';
import type { KubernetesWatch } from './identity/kubernetes-watch.ts';
import type { RedactionConfig } from './protocol/redaction.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';
import { writeStatus } from './sink/status.ts';
import { createProbeSocket, type ProbeSocket } from './source/probe-socket.ts';
import type { Recorder } from './source/recorder.ts';
import { playRecording } from './source/recording.ts';

export type CaptureSource =
  | { readonly kind: 'probe'; readonly socketPath: string }
  | { readonly kind: 'recording'; readonly path: string; readonly lastRealNs: bigint }
  | { readonly kind: 'none' };

export interface CollectorConfig {
  readonly cluster: string;
  readonly node: string;
  readonly capture: CaptureSource;
  /** What the supervisor found missing before it started us. */
  readonly missing: readonly string[];
  readonly redaction?: RedactionConfig;
}

export interface CollectorDeps {
  readonly identity: Identity;
  readonly counters: Counters;
  readonly writer: Writer;
  readonly kubernetes: KubernetesWatch | null;
  readonly recorder: Recorder | null;
  readonly log: Log;
  readonly clock: { now(): number };
  readonly random: () => number;
}

export interface Collector {
  readonly mode: CaptureMode;
  readonly pipeline: Pipeline;
  start(signal: AbortSignal): void;
  /** Resolves when a recording was played to its end; never for a live capture. */
  readonly played: Promise<Result<void, FrameError>>;
  /** A change the Kubernetes API told of. */
  onKubernetes(change: Change): void;
  /** Writes what is pending and stops. */
  stop(): Promise<void>;
}

const statusEveryMs = 5000;
const idleEveryMs = 250;
const kubernetesWaitMs = 5000;

const lossCounters = [
  ['rowsDropped', 'rows_dropped'],
  ['rowsRejected', 'rows_rejected'],
  ['spillRowsDropped', 'spill_rows_dropped'],
  ['spillRowsUnreadable', 'spill_rows_unreadable'],
] as const satisfies readonly (readonly [keyof Losses, string])[];

export function createCollector(config: CollectorConfig, deps: CollectorDeps): Collector {
  const { identity, counters, writer, log, clock } = deps;
  const { capture } = config;
  const stopping = new AbortController();
  let hello: Hello | null = null;
  let saidGoodbye = false;
  let parser: FrameParser = createFrameParser();
  let missingFrames = 0;
  let latestFrameMs = 0;
  let verdictSequence = 0;
  let countedLosses: Losses = lossesOf(writer.stats);
  let socket: ProbeSocket | null = null;
  let reading: Promise<void> = Promise.resolve();
  const timers: NodeJS.Timeout[] = [];
  let resolvePlayed: (result: Result<void, FrameError>) => void = () => undefined;
  const played = new Promise<Result<void, FrameError>>((resolve) => {
    resolvePlayed = resolve;
  });

  const mode = (): CaptureMode => {
    if (capture.kind === 'recording') return 'recording';
    return hello === null ? 'off' : 'live';
  };

  const detail = (): string => {
    if (capture.kind === 'recording') return 'Playing a recording; this is not live traffic.';
    if (capture.kind === 'none') return 'No live capture on this node.';
    return hello === null ? `No probe answers on ${capture.socketPath}.` : '';
  };

  const tellStatus = (): void => {
    const missing = [...config.missing, ...(hello?.missing ?? [])];
    const { spill } = writer.stats;
    const interfaces = identity.interfaces.list();
    const status = { mode: mode(), detail: detail(), missing, interfaces, spill };
    writeStatus(config, status, BigInt(clock.now()) * 1_000_000n, writer.status());
  };

  const applyKubernetes = (change: Change, nowMs: number): void => {
    const bad = identity.applyKubernetes(change, nowMs);
    if (bad === 0) return;
    counters.add('kubernetes_objects_unreadable', bad);
    log.warn({ resource: change.resource, objects: bad }, 'left out kubernetes objects that are not as expected');
  };

  const sendVerdict = (key: Buffer, copy: number): void => {
    const message = Buffer.alloc(frameHeader.size + l7Verdict.size);
    message.writeUInt32LE(wireMagic, frameHeader.magic);
    message.writeUInt16LE(wireVersion, frameHeader.version);
    message.writeUInt16LE(frameType.l7Verdict, frameHeader.type);
    message.writeUInt32LE(l7Verdict.size, frameHeader.length);
    message.writeUInt32LE(verdictSequence, frameHeader.sequence);
    key.copy(message, frameHeader.size + l7Verdict.key, 0, flowKey.size);
    message.writeUInt32LE(copy, frameHeader.size + l7Verdict.copy);
    if (socket?.send(message) === true) verdictSequence = (verdictSequence + 1) >>> 0;
    else if (capture.kind === 'probe') counters.add('l7_verdicts_unsent', 1);
  };

  const pipeline = createPipeline(
    {
      cluster: config.cluster,
      node: config.node,
      source: capture.kind === 'recording' ? 'recording' : 'probe',
      shiftNs: capture.kind === 'recording' ? BigInt(clock.now()) * 1_000_000n - capture.lastRealNs : 0n,
      // A millisecond's room of a million rows: no earlier run can have come so far.
      firstRowId: BigInt(clock.now()) << 20n,
      ...(config.redaction === undefined ? {} : { redaction: config.redaction }),
    },
    {
      identity,
      counters,
      writer,
      onVerdict: sendVerdict,
      onHello(next) {
        hello = next;
        log.info(
          { kernel: next.kernel, scanIntervalMs: next.scanIntervalMs, missing: next.missing },
          'probe connected',
        );
      },
      onGoodbye() {
        hello = null;
        saidGoodbye = true;
        log.info({}, 'the probe says goodbye');
        tellStatus();
      },
      // When it was told among the flows: an address may have been given to another pod in between.
      onRecordedChange: (change, wallMs) => applyKubernetes(change, wallMs),
    },
  );

  const onFrame = (frame: Frame): void => {
    latestFrameMs = clock.now();
    pipeline.frame(frame);
    deps.recorder?.frame(frame);
  };

  const countLosses = (): void => {
    const losses = lossesOf(writer.stats);
    for (const [loss, counter] of lossCounters) {
      const more = losses[loss] - countedLosses[loss];
      if (more > 0) counters.add(counter, more);
    }
    countedLosses = losses;
  };

  const afterChunk = async (): Promise<void> => {
    countLosses();
    await writer.ready();
    await deps.recorder?.ready();
  };

  const readProbe = async (path: string): Promise<void> => {
    socket = createProbeSocket(path, {
      log,
      random: deps.random,
      hasSaidGoodbye: () => saidGoodbye,
      onConnect() {
        saidGoodbye = false;
        parser = createFrameParser();
        missingFrames = 0;
        verdictSequence = 0;
      },
      async onChunk(chunk) {
        const parsed = parser.push(chunk, onFrame);
        if (parser.missing > missingFrames) counters.add('frames_missing', parser.missing - missingFrames);
        missingFrames = parser.missing;
        if (!parsed.ok) {
          counters.add('streams_broken', 1);
          throw new Error(`the probe's stream breaks at byte ${parsed.error.offset}: ${parsed.error.message}`);
        }
        await afterChunk();
      },
      onDisconnect() {
        hello = null;
        pipeline.flush(true);
        tellStatus();
      },
    });
    await socket.run(stopping.signal);
  };

  const playFile = async (path: string): Promise<void> => {
    const result = await playRecording(path, stopping.signal, onFrame, afterChunk);
    pipeline.flush(true);
    tellStatus();
    log.info({ path, rows: pipeline.rows }, 'recording played');
    resolvePlayed(result);
  };

  const read = async (): Promise<void> => {
    if (deps.kubernetes !== null) {
      // Names should be there for the first rows, but traffic does not wait for an API that is away.
      await Promise.race([deps.kubernetes.synced, sleep(kubernetesWaitMs, undefined, { ref: false })]);
    }
    if (capture.kind === 'probe') await readProbe(capture.socketPath);
    else if (capture.kind === 'recording') await playFile(capture.path);
  };

  return {
    get mode() {
      return mode();
    },
    pipeline,
    played,
    start(signal) {
      signal.addEventListener('abort', () => stopping.abort(), { once: true });
      // Not our signal: the writer goes on until it has taken the last rows.
      writer.start(new AbortController().signal);
      deps.kubernetes?.start(stopping.signal);
      tellStatus();
      let toldVersion = -1;
      let toldMode = mode();
      let toldMs = clock.now();
      timers.push(
        setInterval(() => {
          if (capture.kind === 'probe') pipeline.idle((clock.now() - latestFrameMs) * 1e6);
          countLosses();
          const isChanged = identity.interfaces.version !== toldVersion || mode() !== toldMode;
          if (!isChanged && clock.now() - toldMs < statusEveryMs) return;
          toldVersion = identity.interfaces.version;
          toldMode = mode();
          toldMs = clock.now();
          tellStatus();
        }, idleEveryMs),
      );
      reading = read();
    },
    onKubernetes(change) {
      applyKubernetes(change, clock.now());
      deps.recorder?.change(change);
    },
    async stop() {
      for (const timer of timers) clearInterval(timer);
      stopping.abort();
      await reading;
      pipeline.flush(true);
      await deps.kubernetes?.stop();
      await writer.stop();
      await deps.recorder?.stop();
    },
  };
}
