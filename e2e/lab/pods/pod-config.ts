/** What the lab tells each of its own pod programs, as one JSON argument. */
import { z } from 'zod';

const byFamily = z.object({ ipv4: z.string(), ipv6: z.string() });
const port = z.number().int();

export const podConfigSchema = z.discriminatedUnion('role', [
  z.object({
    role: z.literal('frontend'),
    nameservers: byFamily,
    requestsPerSecond: z.number().positive(),
    listenPort: port,
    api: z.object({ name: z.string(), port }),
    payment: z.object({ name: z.string(), port, caFile: z.string() }),
  }),
  z.object({
    role: z.literal('api'),
    nameservers: byFamily,
    listenPort: port,
    database: z.object({ name: z.string(), port, user: z.string() }),
    payment: z.object({ name: z.string(), port, caFile: z.string() }),
    unknownName: z.string(),
  }),
  z.object({
    role: z.literal('outside'),
    listenPort: port,
    keyFile: z.string(),
    certFile: z.string(),
    webhook: z.object({ host: z.string(), port, addresses: byFamily }),
  }),
]);
export type PodConfig = z.infer<typeof podConfigSchema>;
export type PodConfigOf<R extends PodConfig['role']> = Extract<PodConfig, { role: R }>;

/** One IP version after the other: both carry the same load. */
export const families = ['ipv4', 'ipv6'] as const;
export type Family = (typeof families)[number];

export interface PodProgramDeps {
  /** Writes one line of the pod's journal. */
  readonly say: (event: string, facts?: Readonly<Record<string, unknown>>) => void;
  readonly clock: () => number;
}

export interface PodProgram {
  start(): Promise<void>;
  /** Ends conversations in order, so that no packet arrives at a socket that is gone. */
  stop(): Promise<void>;
}
