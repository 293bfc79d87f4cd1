/** Builds the lab's `main.js` for tests, so that pods run the sources as they are now. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export interface BuiltEntry {
  readonly path: string;
  remove(): void;
}

export async function buildEntry(): Promise<BuiltEntry> {
  const here = dirname(fileURLToPath(import.meta.url));
  // Below the sources, so that packages are found as they are from dist/.
  const cache = join(here, '../../node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const outdir = mkdtempSync(join(cache, 'palomar-lab-'));
  const path = join(outdir, 'main.js');
  await build({
    entryPoints: [join(here, 'main.ts')],
    outfile: path,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    sourcemap: true,
    logLevel: 'warning',
  });
  return { path, remove: () => rmSync(outdir, { recursive: true, force: true }) };
}
