/** Writes what the probe sends to a file, frame by frame, and what the Kubernetes API says between them. */
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Frame } from '../decode/frame-parser.ts';
import { frameMax, frameType } from '../decode/wire.ts';
import type { Change } from '../identity/kubernetes-objects.ts';
import type { Log } from '../log.ts';
import { kubernetesFrame } from './recording.ts';

export interface Recorder {
  frame(frame: Frame): void;
  change(change: Change): void;
  /** Resolves when the file has taken what was written. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

export interface RecorderDeps {
  /** What the API has said so far; written at the head of the recording. */
  snapshot(): readonly Change[];
  readonly log: Pick<Log, 'error'>;
}

/** Objects per frame: keeps a list of a large cluster below the frame limit. */
const objectsPerFrame = 500;

export function createRecorder(path: string, deps: RecorderDeps): Recorder {
  const file = createWriteStream(path, { mode: 0o600 });
  let failure: Error | null = null;
  let latest: Frame | null = null;
  let resume: () => void = () => undefined;
  file.on('drain', () => resume());
  file.on('error', (error) => {
    failure = error;
    resume();
    deps.log.error({ err: error, path }, 'cannot write the recording, recording stops');
  });

  const writeChange = (change: Change, at: Frame): void => {
    for (let from = 0; from === 0 || from < change.objects.length; from += objectsPerFrame) {
      const objects = change.objects.slice(from, from + objectsPerFrame);
      // What follows the first part of a list adds to it.
      const event = change.event === 'list' && from > 0 ? 'put' : change.event;
      const json = JSON.stringify({ ...change, event, objects });
      if (json.length <= frameMax) file.write(kubernetesFrame(json, at.monoNs, at.realOffsetNs));
    }
  };

  return {
    frame(frame) {
      if (failure !== null) return;
      const isFirst = latest === null;
      if (isFirst && frame.type !== frameType.hello) return;
      latest = frame;
      file.write(frame.raw);
      if (isFirst) for (const change of deps.snapshot()) writeChange(change, frame);
    },
    change(change) {
      if (failure === null && latest !== null) writeChange(change, latest);
    },
    async ready() {
      if (failure !== null || !file.writableNeedDrain) return;
      await new Promise<void>((resolve) => {
        resume = resolve;
      });
    },
    async stop() {
      if (failure !== null) return;
      file.end();
      await finished(file);
    },
  };
}
