/**
 * What an investigation was about, in one folder that can be handed on: the flows, the map and the drops as they were answered,
 * what of the range was seen, the question itself, and a digest of each file. Written last, `bundle.json` says that all is there.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import type { ExportPlanResponse } from '../model/api.ts';
import { CommandFailed, jsonOf } from './command-failed.ts';

export interface BundleSources {
  /** The server, as it is named on the command line. */
  readonly url: string;
  /** Exports the flows into a file; tells by which plan, for an interrupted export goes on by the plan that it began with. */
  readonly flowsInto: (file: string) => Promise<ExportPlanResponse>;
  /** What the server answers at a path; JSON. */
  readonly answerOf: (path: string, query: Readonly<Record<string, string>>) => Promise<string>;
  readonly clock: { now(): number };
}

const bundleFile = 'bundle.json';
const answers = ['map', 'drops'] as const;

export async function writeBundle(
  folder: string,
  flowsFile: string,
  sources: BundleSources,
): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true });
  if (await exists(join(folder, bundleFile))) {
    throw new CommandFailed(2, `${folder} holds a bundle already: name another folder, or remove it`);
  }
  const plan = await sources.flowsInto(join(folder, flowsFile));
  const { range, filter, columns, evidence } = plan;
  const question = { from: String(range.fromMs), to: String(range.toMs), filter };
  for (const name of answers) {
    const answer = await sources.answerOf(`/api/v1/${name}`, question);
    const value = jsonOf(answer);
    if (value === undefined) throw new CommandFailed(1, `${sources.url} answers ${name} in no form that is known`);
    await writeJson(join(folder, `${name}.json`), value);
  }
  await writeJson(join(folder, 'coverage.json'), evidence.coverage);
  const names = [flowsFile, `${flowsFile}.manifest.json`, ...answers.map((name) => `${name}.json`), 'coverage.json'];
  const files = [];
  for (const name of names) files.push({ name, ...(await digestOf(join(folder, name))) });
  const page = `${sources.url}/?${new URLSearchParams({ ...question, live: 'false' }).toString()}`;
  const made = new Date(sources.clock.now()).toISOString();
  await writeJson(join(folder, bundleFile), { made, page, range, filter, columns, files });
  return [...names, bundleFile];
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
}

async function digestOf(path: string): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return { bytes: (await stat(path)).size, sha256: hash.digest('hex') };
}
