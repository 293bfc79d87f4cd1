/** Settings of the embedded store's process, from its environment. */
import { z } from 'zod';

const loopback = /^(127(\.\d{1,3}){3}|localhost|::1)$/;

const listenSchema = z.string().transform((text, context) => {
  const match = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(text);
  const [, host, port] = match ?? [];
  if (host === undefined || port === undefined || Number(port) > 65_535) {
    context.addIssue({ code: 'custom', message: 'wants host:port, such as 127.0.0.1:8123' });
    return z.NEVER;
  }
  if (!loopback.test(host)) {
    context.addIssue({
      code: 'custom',
      message: `${host} is not a loopback address; use a ClickHouse server to share`,
    });
    return z.NEVER;
  }
  return { host, port: Number(port) };
});

export const storeEnvironmentSchema = z.object({
  PALOMAR_DATA_DIR: z.string().startsWith('/', 'wants an absolute path').describe('where the flows are kept'),
  PALOMAR_STORE_LISTEN: listenSchema.prefault('127.0.0.1:8123').describe('loopback address and port of the store'),
  PALOMAR_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('least severity that is logged'),
  UV_THREADPOOL_SIZE: z.coerce
    .number()
    .int()
    .min(4)
    .default(4)
    .describe('threads of the process; one query fewer runs at once. Has to be set before the process starts'),
});
