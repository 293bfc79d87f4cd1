// @vitest-environment node
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

import { completion } from './completion.ts';

/** What bash would offer for the last of these words. */
function offered(...words: readonly string[]): string[] {
  const script = completion('bash');
  if (!script.ok) throw new Error(script.error);
  const array = words.map((word) => `'${word}'`).join(' ');
  const { stdout } = spawnSync('bash', [
    '-c',
    `${script.value}\nCOMP_WORDS=(${array}); COMP_CWORD=${words.length - 1}; _palomar; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ]);
  return stdout.toString().split('\n').filter(Boolean);
}

describe('completion', () => {
  it('offers commands, then the flags of the one that was typed', () => {
    expect(offered('palomar', 'st')).toEqual(['start', 'status']);
    expect(offered('palomar', 'export', '--f')).toEqual(['--from', '--filter', '--format']);
    expect(offered('palomar', 'top', '--by')).toEqual(['--by']);
    expect(offered('palomar', 'nothing', '--')).toEqual([]);
  });

  it('knows other shells, and names those it knows', () => {
    expect(completion('fish')).toMatchObject({ ok: true, value: expect.stringContaining('-l output-file') as string });
    expect(completion('zsh')).toMatchObject({ ok: true, value: expect.stringContaining('bashcompinit') as string });
    expect(completion('tcsh')).toMatchObject({
      ok: false,
      error: expect.stringContaining('bash, zsh, fish') as string,
    });
  });
});
