/**
 * Entry point of the lab, and of the programs that it runs inside its pods. The only place here that reads the
 * environment and installs signal handlers.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import pino from 'pino';
import { describePods, removeLeftovers, startLab } from './lab.ts';
import { err } from '../../model/result.ts';
import { runTraffic } from '../traffic/run-traffic.ts';
import { trimRecording } from './trim-recording.ts';
import { runPod } from './pods/run-pod.ts';

const help = `npm run lab -- [flags]
  Brings up network-namespace pods with real programs in them and keeps them busy until Ctrl-C. Needs root.
  --rate N                     requests per second from frontend to api (default 20)
  --kubernetes-listen HOST:PORT  where the Kubernetes API stand-in listens (default 127.0.0.1:0, any free port)
  --down                       remove what a killed lab left behind, and end
  --trim FILE                  leave in the recording FILE only what is the lab's, and end
  --help
`;

function usageError(message: string): never {
  process.stderr.write(`lab: ${message}\n`);
  process.exit(2);
}

interface Flags {
  readonly rate: number;
  readonly down: boolean;
  readonly trim: string | undefined;
  readonly listen: { readonly host: string; readonly port: number };
}

function parseFlags(argv: readonly string[]): Flags {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        rate: { type: 'string', default: '20' },
        'kubernetes-listen': { type: 'string', default: '127.0.0.1:0' },
        down: { type: 'boolean', default: false },
        trim: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(help);
      process.exit(0);
    }
    const rate = Number(values.rate);
    if (!(rate > 0 && rate <= 2000)) usageError(`--rate ${values.rate}: expected a number from 0 to 2000`);
    const [, host, port] = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(values['kubernetes-listen']) ?? [];
    if (host === undefined) usageError(`--kubernetes-listen ${values['kubernetes-listen']}: expected HOST:PORT`);
    return { rate, down: values.down, trim: values.trim, listen: { host, port: Number(port) } };
  } catch (cause) {
    return usageError(cause instanceof Error ? cause.message : String(cause));
  }
}

/** Aborts on the signals that end a program, and when the process that started this one is gone. */
function endSignal(): AbortSignal {
  const controller = new AbortController();
  const end = (): void => controller.abort();
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  process.on('SIGHUP', end);
  process.on('disconnect', end);
  return controller.signal;
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** A step that failed is one sentence, too. */
async function tryLab(...args: Parameters<typeof startLab>): ReturnType<typeof startLab> {
  try {
    return await startLab(...args);
  } catch (cause) {
    return err(`did not come up: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

async function runLab(argv: readonly string[]): Promise<number> {
  const flags = parseFlags(argv);
  const path = process.env['PATH'] ?? '';
  if (flags.trim !== undefined) {
    const trimmed = trimRecording(await readFile(flags.trim));
    if (!trimmed.ok) usageError(`--trim ${flags.trim}: ${trimmed.error}`);
    await writeFile(flags.trim, trimmed.value);
    return 0;
  }
  if (flags.down) {
    const removed = await removeLeftovers(process.getuid?.(), path);
    if (!removed.ok) usageError(removed.error);
    process.stderr.write(
      removed.value.length === 0 ? 'lab: nothing was left\n' : `removed ${removed.value.join(', ')}\n`,
    );
    return 0;
  }
  const log = pino({ name: 'lab', level: process.env['PALOMAR_LOG_LEVEL'] ?? 'info' }, pino.destination(2));
  const signal = endSignal();
  const lab = await tryLab(
    {
      entry: process.argv[1] ?? '',
      path,
      requestsPerSecond: flags.rate,
      kubernetesListen: flags.listen,
      applications: true,
      log: (message, facts) => log.debug(facts ?? {}, message),
    },
    signal,
  );
  if (!lab.ok) {
    if (signal.aborted) return 0;
    return usageError(lab.error);
  }
  process.stderr.write(`${describePods()}\nKubernetes API stand-in: ${lab.value.kubernetesUrl}\n`);
  process.send?.({ ready: true, kubernetesUrl: lab.value.kubernetesUrl });
  const ended = await Promise.race([aborted(signal).then(() => undefined), lab.value.broken]);
  if (ended !== undefined) log.error(ended);
  await lab.value.stop();
  return ended === undefined ? 0 : 1;
}

/** Pod programs and loads: one JSON argument says what to do, standard output says what was done. */
async function runInPod(run: typeof runPod | typeof runTraffic, argument: string): Promise<number> {
  const say = (event: string, facts?: Readonly<Record<string, unknown>>): void => {
    process.stdout.write(`${JSON.stringify({ event, ...facts })}\n`);
  };
  await run(argument, { say, clock: Date.now }, aborted(endSignal()));
  return 0;
}

const [mode, argument = ''] = process.argv.slice(2);
if (mode === 'pod') process.exitCode = await runInPod(runPod, argument);
else if (mode === 'traffic') process.exitCode = await runInPod(runTraffic, argument);
else process.exitCode = await runLab(process.argv.slice(2));
process.exit();
