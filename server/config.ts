/** The server's settings from its environment; every problem is found at once and says what to write instead. */
import { z } from 'zod';
import type { Ages } from '../db/retention/ages.ts';
import { clusterName } from '../model/cluster-name.ts';
import { basePathSchema } from '../model/base-path.ts';
import { type Result, err, ok } from '../model/result.ts';

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** `127.0.0.1:3000`, `[::1]:3000`, `0.0.0.0:0` (any free port). */
const listen = z.string().transform((text, context) => {
  const [, bracketed, plain, portText] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(portText);
  if (host !== undefined && port <= 65_535) return { host, port };
  context.addIssue({ code: 'custom', message: `"${text}" is no address: write host:port, such as 127.0.0.1:3000` });
  return z.NEVER;
});

const storeUrl = z
  .string({ error: 'is not set' })
  .refine(
    (text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
    'is no URL: write http://user:password@host:8123/database',
  );

const days = (byDefault: number) => z.coerce.number().int().min(1).max(36_500).default(byDefault);

/** Keys are the names in the environment; an empty value counts as not set. */
export const environmentSchema = z.object({
  CLICKHOUSE_URL: storeUrl.describe('the store, with user, password and database'),
  PALOMAR_LISTEN: listen.prefault('127.0.0.1:3000').describe('address and port to answer on'),
  PALOMAR_APP_DIR: z.string().optional().describe('directory of the built user interface; unset: API only'),
  PALOMAR_BASE_PATH: basePathSchema
    .default('')
    .describe('path that it is reached below behind a proxy, such as `/palomar`; the proxy may cut it off or not'),
  PALOMAR_VERSION: z.string().default('development').describe('what it says its version is'),
  PALOMAR_STORE_EMBEDDED: z.enum(['0', '1']).default('0').describe('1 when the store is the embedded one'),
  CLICKHOUSE_CLUSTER: clusterName
    .optional()
    .describe('cluster of the store, as its config names it; unset: one server'),
  PALOMAR_RETENTION_RAW_DAYS: days(14).describe('days that flows are kept'),
  PALOMAR_RETENTION_MINUTE_DAYS: days(30).describe('days that what they add up to per minute is kept'),
  PALOMAR_RETENTION_HOUR_DAYS: days(400).describe('days that what they add up to per hour is kept'),
  PALOMAR_RETENTION_DAY_DAYS: days(400).describe('days that what they add up to per day is kept'),
  PALOMAR_RETENTION_DISK_PERCENT: z.coerce
    .number()
    .int()
    .min(0)
    .max(100)
    .default(85)
    .describe(
      'share of the room on the disk of the store, what the tables take and what is free, past which the oldest days of flows are dropped; 0: never',
    ),
  PALOMAR_ALLOWED_HOSTS: z.string().default('').describe('names it is reached by, comma-separated, without ports'),
  PALOMAR_LOG_LEVEL: z.enum(levels).default('info').describe('least severity that is logged'),
});

export interface ServerConfig {
  readonly storeUrl: string;
  readonly storeEmbedded: boolean;
  /** Null: one server. */
  readonly storeCluster: string | null;
  readonly retention: { readonly ages: Ages; readonly diskPercent: number };
  readonly listen: { readonly host: string; readonly port: number };
  readonly appDirectory: string | null;
  /** Empty for none. */
  readonly basePath: string;
  readonly version: string;
  readonly allowedHosts: readonly string[];
  readonly logLevel: (typeof levels)[number];
}

/** The error has one line for each setting that is wrong. */
export function parseConfig(environment: Readonly<Record<string, string | undefined>>): Result<ServerConfig, string> {
  // As compose files write what is not set.
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) {
    return err(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'));
  }
  const settings = parsed.data;
  return ok({
    storeUrl: settings.CLICKHOUSE_URL,
    storeEmbedded: settings.PALOMAR_STORE_EMBEDDED === '1',
    storeCluster: settings.CLICKHOUSE_CLUSTER ?? null,
    retention: {
      ages: {
        rawDays: settings.PALOMAR_RETENTION_RAW_DAYS,
        minuteDays: settings.PALOMAR_RETENTION_MINUTE_DAYS,
        hourDays: settings.PALOMAR_RETENTION_HOUR_DAYS,
        dayDays: settings.PALOMAR_RETENTION_DAY_DAYS,
      },
      diskPercent: settings.PALOMAR_RETENTION_DISK_PERCENT,
    },
    listen: settings.PALOMAR_LISTEN,
    appDirectory: settings.PALOMAR_APP_DIR ?? null,
    basePath: settings.PALOMAR_BASE_PATH,
    version: settings.PALOMAR_VERSION,
    allowedHosts: settings.PALOMAR_ALLOWED_HOSTS.split(',').flatMap((name) =>
      name.trim() === '' ? [] : [name.trim()],
    ),
    logLevel: settings.PALOMAR_LOG_LEVEL,
  });
}

/** The URL as it may be shown: without user and password. */
export function shownUrl(url: string): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return shown.href;
}
