import { describe, expect, test } from 'vitest';

import { labWorld, madeUpWorld, mapOf, seeded } from '../../testing/fixture-data.ts';
import { edgeOrders, findEdges, sortEdges, spokenName } from './edge-rows.ts';
import { cellKey, matrixOf, mostAcross, shadeOf } from './matrix-cells.ts';
import { createPicture } from './picture.ts';

const lab = createPicture(mapOf(labWorld(60_000), 0, 60_000, 'workload'), null, true);
const crowd = mapOf(madeUpWorld(900, 60_000, seeded(7)), 0, 60_000, 'workload');

describe('the list', () => {
  test('has every edge of an answer that is too much to draw', () => {
    const whole = createPicture(crowd, null, true);
    expect(createPicture(crowd).edges.size).toBeLessThan(crowd.edges.length);
    expect(findEdges(whole, '')).toHaveLength(crowd.edges.length);
    expect(whole.notice).toBeNull();
  });

  test('finds words in either name, in any order and case', () => {
    const found = (typed: string) => findEdges(lab, typed).map(({ from, to }) => `${from} ${to}`);
    expect(found('STRIPE api')).toEqual(['production/api payment.stripe.com']);
    expect(found('nowhere')).toEqual([]);
  });

  test('puts what drops before all, and ranks by each measure', () => {
    expect(sortEdges(findEdges(lab, ''), 'worst')[0]?.to).toBe('payment.stripe.com');
    const whole = createPicture(crowd, null, true);
    for (const order of edgeOrders.filter((one) => one === 'requests' || one === 'drops' || one === 'errors')) {
      const values = sortEdges(findEdges(whole, ''), order).map(({ item }) => item.edge[order]);
      expect(values).toEqual([...values].sort((a, b) => b - a));
    }
  });
});

describe('the matrix', () => {
  test('has a cell per edge, and rows kept together by namespace', () => {
    const { cells, sources, left } = matrixOf(lab, '');
    expect(left).toBe(0);
    for (const { edge } of lab.edges.values()) expect(cells.has(cellKey(edge.source, edge.destination))).toBe(true);
    expect(sources.map(spokenName)).toEqual([...sources.map(spokenName)].sort());
  });

  test('of too much keeps every drop that fits, and says how many edges have no cell', () => {
    const whole = createPicture(crowd, null, true);
    const { cells, sources, destinations, left } = matrixOf(whole, '');
    expect(sources.length).toBeLessThanOrEqual(mostAcross);
    expect(destinations.length).toBeLessThanOrEqual(mostAcross);
    expect(left).toBe(crowd.edges.length - cells.size);
    const [worst] = sortEdges(findEdges(whole, ''), 'worst');
    expect(cells.has(worst?.item.edge.id ?? '')).toBe(true);
  });

  test('is darker where more is said', () => {
    const item = [...lab.edges.values()][0] ?? expect.fail('no edge');
    const shade = (bytes: string): number =>
      shadeOf({ ...item, edge: { ...item.edge, bytesToSource: bytes, bytesToDestination: '0' } }, 1);
    expect(['0', '500', '50000', '5000000', '5000000000'].map(shade)).toEqual([1, 2, 4, 5, 5]);
  });
});
