/** The collector's settings and where they come from in the environment. All problems are reported at once. */
import { hostname } from 'node:os';
import { z } from 'zod';
import { err, ok, type Result } from '../model/result.ts';
import { clusterName } from '../model/cluster-name.ts';
import { defaultRedaction, type RedactionConfig } from './protocol/redaction.ts';

const listen = z
  .string()
  .regex(/^.+:\d{1,5}$/, 'must be host:port')
  .transform((text) => {
    const cut = text.lastIndexOf(':');
    return { host: text.slice(0, cut).replace(/^\[|\]$/g, ''), port: Number(text.slice(cut + 1)) };
  });

const missing = z.string().transform((text, context) => {
  try {
    return z.array(z.string()).parse(JSON.parse(text));
  } catch {
    context.addIssue({ code: 'custom', message: 'must be a JSON array of strings' });
    return z.NEVER;
  }
});

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

const paths = list.refine((items) => items.every((item) => item.startsWith('/')), 'every path must start with /');

/** Keys are the names in the environment; an empty value counts as not set. */
export const settingsSchema = z.object({
  CLICKHOUSE_URL: z.url({ protocol: /^https?$/ }).describe('store: http://user:password@host:port/database'),
  CLICKHOUSE_CLUSTER: clusterName
    .optional()
    .describe('cluster of the store, as its config names it; unset: one server'),
  PALOMAR_SPILL_DIR: z
    .string()
    .startsWith('/', 'wants an absolute path')
    .optional()
    .describe('folder of its own where rows wait while the store is away, also over a restart; unset: in memory only'),
  PALOMAR_SPILL_MAX_MIB: z.coerce
    .number()
    .int()
    .min(1)
    .max(2 ** 20)
    .default(1024)
    .describe('most that folder may take, in MiB; past it the oldest rows are dropped and counted'),
  PALOMAR_PROBE_SOCKET: z.string().optional().describe('unix socket of the probe; unset: no live capture'),
  PALOMAR_REPLAY: z.string().optional().describe('recording to play instead of live capture'),
  PALOMAR_RECORD: z.string().optional().describe('file that takes a recording of what the probe sends'),
  PALOMAR_NODE: z.string().default(hostname()).describe('name of this node; unset: that of the host'),
  PALOMAR_CLUSTER: z
    .string()
    .optional()
    .describe('name of the cluster; unset: what the Kubernetes API tells, else default'),
  PALOMAR_KUBERNETES_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('API server that needs no credentials'),
  KUBECONFIG: z.string().optional().describe('kubeconfig file to reach the API server with'),
  KUBERNETES_SERVICE_HOST: z.string().optional().describe('set inside a pod: the service account is used'),
  PALOMAR_NETWORKS: z
    .string()
    .optional()
    .describe('file that names networks outside, a line each: 10.20.0.0/16 office'),
  PALOMAR_CAPTURE_MISSING: missing.default([]).describe('what the supervisor found missing, a JSON array of strings'),
  PALOMAR_METRICS_LISTEN: listen.optional().describe('host:port for /metrics; unset: off'),
  PALOMAR_REDACT_URL_QUERY: z.stringbool().default(false).describe('leave the query out of every URL'),
  PALOMAR_REDACT_USER_INFO: z.stringbool().default(true).describe('leave name and password out of every URL'),
  PALOMAR_REDACT_QUERY_PARAMETERS: list
    .default([...defaultRedaction.queryParameters])
    .describe('names, with commas between them, of query parameters whose values are replaced'),
  PALOMAR_REDACT_PATHS: paths
    .default([])
    .describe('beginnings of paths, with commas between them, in which what stands for * is replaced: /reset/*'),
  PALOMAR_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('least severity that is logged'),
});
export type Settings = z.infer<typeof settingsSchema>;

export function readSettings(env: Readonly<Record<string, string | undefined>>): Result<Settings, string> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = settingsSchema.safeParse(given);
  if (!parsed.success) {
    return err(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  }
  if (parsed.data.PALOMAR_REPLAY !== undefined && parsed.data.PALOMAR_RECORD !== undefined) {
    return err('PALOMAR_RECORD: a replay cannot be recorded; unset one of PALOMAR_REPLAY and PALOMAR_RECORD');
  }
  return ok(parsed.data);
}

export function redactionOf(settings: Settings): RedactionConfig {
  return {
    urlQuery: settings.PALOMAR_REDACT_URL_QUERY,
    userInfo: settings.PALOMAR_REDACT_USER_INFO,
    queryParameters: settings.PALOMAR_REDACT_QUERY_PARAMETERS,
    paths: settings.PALOMAR_REDACT_PATHS,
  };
}
