/**
 * Every protocol, over both versions of IP, when it works and when it does not: what Palomar stored is compared with what
 * client or server logged themselves. Writes the table of docs/protocols.md.
 */
import { beforeAll, describe, expect, test } from 'vitest';

import type { Flow } from '../model/api.ts';
import { cases, client, families, type Case } from './matrix/cases.ts';
import { prepareGround, type Family, type Ground } from './matrix/ground.ts';
import { startMeasuredStack, type MeasuredStack } from './measured-stack.ts';
import { eventually } from './stack.ts';

interface Result {
  readonly logged: readonly string[];
  told: readonly string[];
}

let measured: MeasuredStack;
let ground: Ground;
let actedMs = 0;
/** What is told late is told all the same: a connection without an answer ends after its last try. */
const settledWithinMs = 45_000;
const results = new Map<string, Result>();
const keyOf = (one: Case, family: Family): string => `${one.protocol} v${family}: ${one.what}`;

/** The stored flows of a case, one group per conversation or per exchange, oldest first. */
async function groupsOf(one: Case, family: Family): Promise<Flow[][]> {
  const { flows } = await measured.stack.flows({
    from: 'now-1h',
    filter: `from.pod:${client.name} ${one.filter(family)}`,
    limit: '1000',
  });
  const groups = new Map<string, Flow[]>();
  for (const flow of flows.reverse()) {
    const key = one.per === 'connection' ? flow.connectionId : flow.id;
    groups.set(key, [...(groups.get(key) ?? []), flow]);
  }
  return [...groups.values()];
}

const sorted = (lines: readonly string[]): string[] => [...lines].sort();

beforeAll(async () => {
  measured = await startMeasuredStack();
  ground = await prepareGround(measured).catch(async (cause: unknown) => {
    await measured.stop();
    throw cause;
  });
  for (const one of cases) {
    for (const family of families) {
      results.set(keyOf(one, family), { logged: await one.act(ground, family), told: [] });
    }
  }
  actedMs = performance.now();
  return async () => {
    await ground.stop();
    await measured.stop();
  };
});

describe.each(families)('over IPv%i', (family) => {
  test.each(cases.map((one) => [`${one.protocol}: ${one.what}`, one] as const))('%s', async (_name, one) => {
    const result = results.get(keyOf(one, family));
    if (result === undefined) throw new Error('every case was acted');
    const wanted = sorted(result.logged);
    expect(wanted.length).toBeGreaterThan(0);
    const matches = async (): Promise<boolean | null> => {
      const groups = await groupsOf(one, family);
      result.told = sorted(
        groups.flatMap((flows) => Array.from({ length: one.attempts?.(flows) ?? 1 }, () => one.told(flows))),
      );
      return result.told.join('\n') === wanted.join('\n') ? true : null;
    };
    const leftMs = Math.max(1000, actedMs + settledWithinMs - performance.now());
    await eventually(leftMs, matches, () => 'the same').catch(() => undefined);
    expect(result.told).toEqual(wanted);
  });
});

test('the table in the documentation is the one these tests made', async () => {
  const mark = (one: Case, family: Family): string => {
    const result = results.get(keyOf(one, family));
    return result !== undefined && result.told.join('\n') === sorted(result.logged).join('\n') ? 'yes' : 'NO';
  };
  const rows = cases.map(
    (one) => `| ${one.protocol} | ${one.outcome} | ${one.what} | ${one.witness} | ${mark(one, 4)} | ${mark(one, 6)} |`,
  );
  const page = `# Protocols

Made by \`e2e/matrix.spec.ts\`: real clients and servers in network namespaces, the probe, the collector and the embedded
store. "yes" means that what the witness logged, attempt by attempt, is what was stored, word by word and as often.

| protocol | outcome | what happens | compared with | IPv4 | IPv6 |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

MongoDB and Kafka have no server in the distribution; their parsers are tested against conversations built from their
specifications. SCTP was not run: the kernel of the machine that ran this has none.
`;
  await expect(page).toMatchFileSnapshot('../docs/protocols.md');
});
