import { describe, expect, it } from 'vitest';
import { createChanges } from './changes.ts';

describe('changes', () => {
  it('are told apart by address and by port', () => {
    const changes = createChanges();
    const stamp = changes.stampOf('X');
    const before = [stamp.version, changes.stampOf('Y').version, changes.portVersion(80), changes.everywhere];
    changes.changeAt('X');
    changes.changePort(80);
    const after = [stamp.version, changes.stampOf('Y').version, changes.portVersion(80), changes.everywhere];
    expect(after.map((value, i) => value !== before[i])).toEqual([true, false, true, false]);
    expect(changes.version).toBe(2);
  });

  it('of forgotten addresses count as changed, so that nobody waits for what is no longer told', () => {
    const changes = createChanges(2);
    const first = changes.stampOf('X');
    const { version } = first;
    changes.stampOf('Y');
    changes.stampOf('Z');
    expect(first.version).not.toBe(version);
    expect(changes.stampOf('X')).not.toBe(first);
  });
});
