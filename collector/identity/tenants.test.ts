import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTenants } from './tenants.ts';

const lingerMs = 500;

/** One pod after another at one address; the API tells of each coming and going a little later. */
const life = fc.record({
  emptyMs: fc.integer({ min: 0, max: 300 }),
  livesMs: fc.integer({ min: 1, max: 400 }),
  toldOfBirthMs: fc.integer({ min: 0, max: 200 }),
  toldOfDeathMs: fc.integer({ min: 0, max: 400 }),
});

interface Life {
  readonly pod: string;
  readonly bornMs: number;
  readonly diedMs: number;
  readonly birthToldMs: number;
  readonly deathToldMs: number;
}

function livesOf(plan: readonly { emptyMs: number; livesMs: number; toldOfBirthMs: number; toldOfDeathMs: number }[]) {
  const lives: Life[] = [];
  let nowMs = 0;
  for (const [index, { emptyMs, livesMs, toldOfBirthMs, toldOfDeathMs }] of plan.entries()) {
    const bornMs = nowMs + emptyMs;
    const diedMs = bornMs + livesMs;
    nowMs = diedMs;
    // Births are told in their order; a death may be told after the next birth.
    const birthToldMs = Math.max(bornMs + toldOfBirthMs, lives.at(-1)?.birthToldMs ?? 0);
    const deathToldMs = Math.max(diedMs + toldOfDeathMs, birthToldMs + 1);
    lives.push({ pod: `pod-${index}`, bornMs, diedMs, birthToldMs, deathToldMs });
  }
  return lives;
}

function told(lives: readonly Life[]) {
  const tenants = createTenants<string>(lingerMs);
  const steps = lives.flatMap((each) => [
    { atMs: each.birthToldMs, order: 1, apply: () => tenants.moveIn(each.pod, 'X', each.birthToldMs) },
    { atMs: each.deathToldMs, order: 0, apply: () => tenants.moveOut(each.pod, 'X', each.deathToldMs) },
  ]);
  for (const step of steps.sort((a, b) => a.atMs - b.atMs)) step.apply();
  return tenants;
}

/** The plain model: the last that was told to have come by then has the address, unless it was told to have gone. */
function presentAt(lives: readonly Life[], atMs: number): Life | undefined {
  const last = lives.filter((each) => each.birthToldMs <= atMs).at(-1);
  return last !== undefined && atMs < last.deathToldMs ? last : undefined;
}

describe('who had an address', { timeout: 60_000 }, () => {
  it('is the pod that was told to be there, until the next one is told to be', () => {
    fc.assert(
      fc.property(fc.array(life, { minLength: 1, maxLength: 8 }), fc.integer({ min: 0, max: 6000 }), (plan, atMs) => {
        const lives = livesOf(plan);
        const tenants = told(lives);
        const present = presentAt(lives, atMs);
        if (present !== undefined) expect(tenants.at('X', atMs).tenant).toBe(present.pod);
      }),
      { numRuns: 500 },
    );
  });

  it('is between two the next one, whose packets come before the API tells of it, and after the last it for a while', () => {
    fc.assert(
      fc.property(fc.array(life, { minLength: 1, maxLength: 8 }), fc.integer({ min: 0, max: 9000 }), (plan, atMs) => {
        const lives = livesOf(plan);
        const tenants = told(lives);
        if (presentAt(lives, atMs) !== undefined) return;
        const next = lives.find((each) => each.birthToldMs > atMs);
        const last = lives.at(-1);
        const lingering = last !== undefined && atMs < last.deathToldMs + lingerMs ? last.pod : undefined;
        expect(tenants.at('X', atMs).tenant).toBe(next?.pod ?? lingering);
      }),
      { numRuns: 500 },
    );
  });

  it('stays the same from the beginning to the end that the answer carries', () => {
    fc.assert(
      fc.property(
        fc.array(life, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 0, max: 9000 }),
        fc.integer({ min: 0, max: 9000 }),
        (plan, atMs, otherMs) => {
          const tenants = told(livesOf(plan));
          const { tenant, sinceMs, untilMs } = tenants.at('X', atMs);
          expect(sinceMs <= atMs && atMs < untilMs).toBe(true);
          if (otherMs >= sinceMs && otherMs < untilMs) expect(tenants.at('X', otherMs).tenant).toBe(tenant);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is nobody once all are forgotten, and nothing is left of them', () => {
    const tenants = createTenants<string>(lingerMs);
    for (const pod of ['a', 'b']) tenants.moveIn(pod, 'X', 10);
    for (const pod of ['a', 'b']) tenants.forget(pod, 'X');
    expect(tenants.at('X', 20).tenant).toBeUndefined();
    expect(tenants.size).toBe(0);
  });
});
