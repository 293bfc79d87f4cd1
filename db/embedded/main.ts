/** The embedded store's process: opens the data directory, speaks ClickHouse's HTTP interface, leaves within 4 s. */
import pino from 'pino';
import { createGate } from './access.ts';
import { storeEnvironmentSchema } from './config.ts';
import { openDataDirectory, whyNotOpened, type DataDirectory } from './data-directory.ts';
import { installedEngineVersion, openEngine, type Engine } from './engine.ts';
import { createStoreServer } from './http.ts';
import { createSpool } from './spool.ts';

const maxBodyBytes = 512 * 2 ** 20;
const stopWithinMs = 3500;

/** One line that names the thing and the fix, and the exit code of a configuration error. */
function refuseToStart(reason: string): never {
  process.stderr.write(`palomar store: ${reason}\n`);
  process.exit(2);
}

const environment = storeEnvironmentSchema.safeParse(process.env);
if (!environment.success) {
  refuseToStart(environment.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; '));
}
const {
  PALOMAR_DATA_DIR: directory,
  PALOMAR_STORE_LISTEN: { host, port },
  PALOMAR_LOG_LEVEL: level,
  UV_THREADPOOL_SIZE: threads,
} = environment.data;
const log = pino({ level, name: 'store' }, pino.destination(2));

const opened = openDataDirectory(directory, installedEngineVersion());
if (!opened.ok) refuseToStart(opened.error);
const data = opened.value;
const engine = startEngine(data);
const claimed = data.claim();
if (!claimed.ok) log.warn({ reason: claimed.error }, 'the disk of the data directory is full');

function startEngine({ engine: path }: DataDirectory): Engine {
  try {
    // One thread stays free, to cancel and for files.
    return openEngine({ directory: path, parallel: threads - 1, maxWaiting: 128 }, { log });
  } catch (error) {
    return refuseToStart(whyNotOpened(directory, error));
  }
}

const server = createStoreServer({
  engine,
  spool: createSpool({ directory: data.spool, maxBodyBytes }),
  gate: createGate(data.password),
  log,
});

let isStopping = false;
function stop(reason: string): void {
  if (isStopping) return;
  isStopping = true;
  log.info({ reason }, 'stopping');
  setTimeout(() => {
    // Acknowledged rows are safe either way; only running queries are cut.
    log.warn({}, 'a query would not end in time');
    process.exit(0);
  }, stopWithinMs).unref();
  void server
    .close()
    .then(() => engine.close())
    .then(() => process.exit(0));
}
process.on('SIGTERM', () => stop('SIGTERM'));
process.on('SIGINT', () => stop('SIGINT'));
process.on('disconnect', () => stop('the parent process is gone'));

try {
  const bound = await server.listen(host, port);
  const authority = `${host.includes(':') ? `[${host}]` : host}:${bound}`;
  log.info({ address: authority, engine: engine.version, directory, parallel: threads - 1 }, 'serving');
  process.send?.({ ready: true, url: `http://default:${data.password}@${authority}/palomar` });
} catch (error) {
  const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  const reason = isTaken ? `${host}:${port} is in use: stop what uses it, or set PALOMAR_STORE_LISTEN` : String(error);
  refuseToStart(`cannot listen: ${reason}`);
}
