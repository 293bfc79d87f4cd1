import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../identity/endpoint.ts';
import { createEndpointRows } from './endpoint-rows.ts';
import { keepRows } from './rows.fixture.ts';

const anEndpoint = (of: Partial<Endpoint> = {}): Endpoint => ({
  namespace: 'shop',
  pod: 'api-1',
  workload: 'api',
  workloadKind: 'Deployment',
  service: 'api',
  labels: ['k8s:app=api'],
  identity: 10_001,
  names: [],
  process: '',
  unit: '',
  container: '',
  ...of,
});
const hour = 3_600_000_000_000n;
const at = (ns: bigint) => ({ low: Number(ns & 0xffff_ffffn), high: Number(ns >> 32n) });

describe('rows of endpoints', () => {
  it('are written once for equal attributes, and again after an hour in use', () => {
    const kept = keepRows();
    const rows = createEndpointRows('c', kept);
    const first = rows.idsOf(anEndpoint(), at(5n));
    expect(rows.idsOf(anEndpoint(), at(6n))).toEqual(first);
    expect(kept.endpointRows).toHaveLength(1);
    expect(kept.endpointRows[0]).toMatchObject({ cluster: 'c', pod: 'api-1', workload: 'api', seen: 5n });
    rows.idsOf(anEndpoint(), at(4n + hour));
    expect(kept.endpointRows).toHaveLength(1);
    rows.idsOf(anEndpoint(), at(5n + hour));
    expect(kept.endpointRows.map(({ seen }) => seen)).toEqual([5n, 5n + hour]);
  });

  it('are written again when the store lost some', () => {
    const kept = { ...keepRows(), endpointsEpoch: 0 };
    const rows = createEndpointRows('c', kept);
    rows.idsOf(anEndpoint(), at(5n));
    kept.endpointsEpoch = 1;
    rows.idsOf(anEndpoint(), at(6n));
    expect(kept.endpointRows).toHaveLength(2);
  });

  it('differ in id by any attribute, and in workload id by what the workload is', () => {
    const rows = createEndpointRows('c', keepRows());
    const ids = (of: Partial<Endpoint>): ReturnType<typeof rows.idsOf> => rows.idsOf(anEndpoint(of), at(1n));
    const base = ids({});
    const changes: Partial<Endpoint>[] = [
      { pod: 'api-2' },
      { labels: ['k8s:app', 'api'] },
      { labels: [], names: ['k8s:app=api'] },
      { identity: 1 },
      { process: 'server' },
      { unit: 'server' },
    ];
    const others = changes.map(ids);
    const texts = [base, ...others].map(({ endpoint }) => `${endpoint.high}-${endpoint.low}`);
    expect(new Set(texts).size).toBe(changes.length + 1);
    for (const { workload } of others) expect(workload).toEqual(base.workload);
    expect(ids({ workloadKind: 'StatefulSet' }).workload).not.toEqual(base.workload);
    expect(createEndpointRows('d', keepRows()).idsOf(anEndpoint(), at(1n)).workload).not.toEqual(base.workload);
  });
});
