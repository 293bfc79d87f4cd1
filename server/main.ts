/** Runs the server: reads the environment, listens, and leaves within four seconds when told to. */
import { pino } from 'pino';
import { migrate } from '../db/migrations/migrate.ts';
import { createRetention } from '../db/retention/retention.ts';
import { createClickHouseStore } from './clickhouse-store.ts';
import { parseConfig } from './config.ts';
import { createServer } from './server.ts';

const stopWithinMs = 3500;

function refuse(line: string): never {
  process.stderr.write(`palomar server: ${line}\n`);
  process.exit(2);
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

const parsed = parseConfig(process.env);
if (!parsed.ok) refuse(parsed.error.replaceAll('\n', '; '));
const config = parsed.value;
const log = pino({ name: 'server', level: config.logLevel }, pino.destination({ dest: 2, sync: true }));
const running = new AbortController();
const clock = { now: () => Date.now() };
const { storeUrl: url, storeCluster: cluster, maxRows } = config;
const server = createServer(config, {
  openStore: (deps) => createClickHouseStore({ url, cluster, maxRows }, { ...deps, clock, log }),
  retention: createRetention({ url, cluster, ...config.retention }, { log, clock }),
  migrate: () => migrate(url, { log }, { cluster }),
  clock,
  log,
});

async function stop(reason: string): Promise<void> {
  if (running.signal.aborted) return;
  log.info({ reason }, 'stopping');
  running.abort();
  const deadline = setTimeout(() => {
    log.warn({ stopWithinMs }, 'not everything ended in time');
    process.exit(0);
  }, stopWithinMs);
  await server.stop();
  clearTimeout(deadline);
  process.exit(0);
}

for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => void stop(name));
// The supervisor is gone, and with it whoever could stop this process.
process.on('disconnect', () => void stop('disconnect'));

const { host, port } = config.listen;
try {
  const { url } = await server.start(running.signal);
  log.info({ url }, 'listening');
  process.send?.({ ready: true, url });
} catch (error) {
  const address = `${host}:${port}`;
  if (hasCode(error, 'EADDRINUSE')) {
    refuse(`${address} is in use: stop what listens there, or set PALOMAR_LISTEN to another address`);
  }
  if (hasCode(error, 'EADDRNOTAVAIL') || hasCode(error, 'EACCES') || hasCode(error, 'ENOTFOUND')) {
    refuse(`${address} cannot be listened on: set PALOMAR_LISTEN to an address of this machine`);
  }
  throw error;
}
