/**
 * The store's directory: who may open it, which version wrote it, and the password. What is wrong with it is a value,
 * because the person who starts Palomar mends it.
 */
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { err, ok, type Result } from '../../model/result.ts';

/** Raised when a data directory can no longer be read by the version before. */
const layout = 1;

const markSchema = z.object({ layout: z.number(), engine: z.string() });

export interface DataDirectory {
  readonly engine: string;
  readonly spool: string;
  readonly password: string;
  /** After the engine has taken the directory: notes who has it and which engine writes it. The error: on a full disk. */
  claim(): Result<void, string>;
}

const files = {
  engine: 'store',
  spool: 'spool',
  password: 'store.password',
  mark: 'store.version',
  owner: 'store.pid',
} as const;

/** `engineVersion` is what will read it. */
export function openDataDirectory(directory: string, engineVersion: string): Result<DataDirectory, string> {
  try {
    // Others have their files here too; the flows and the password are the owner's alone.
    mkdirSync(directory, { recursive: true });
    if (!statSync(directory).isDirectory()) return err(`${directory} is not a directory`);
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    const newer = newerThanThis(join(directory, files.mark), engineVersion);
    if (newer !== null) return err(`data directory ${directory} was written by ${newer}: update Palomar`);
    mkdirSync(join(directory, files.engine), { recursive: true, mode: 0o700 });
    const password = readPassword(join(directory, files.password));
    return ok({
      engine: join(directory, files.engine),
      spool: join(directory, files.spool),
      password,
      claim() {
        try {
          replaceFile(join(directory, files.mark), `${JSON.stringify({ layout, engine: engineVersion })}\n`);
          replaceFile(join(directory, files.owner), `${process.pid}\n`);
          return ok(undefined);
        } catch (error) {
          // Reading works on a full disk, and room may be made while we run.
          if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return err(error.message);
          throw error;
        }
      },
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return err(`cannot use data directory ${directory}: ${reason}`);
  }
}

/** A full disk would leave an empty file where one was that said something. */
function replaceFile(path: string, text: string): void {
  const partial = `${path}.partial`;
  writeFileSync(partial, text);
  renameSync(partial, path);
}

/** Why the engine could not open it: another process has it, or what the engine said. */
export function whyNotOpened(directory: string, error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  const owner = join(directory, files.owner);
  const pid = existsSync(owner) ? Number(readFileSync(owner, 'utf8')) : NaN;
  if (Number.isInteger(pid) && pid !== process.pid && existsSync(`/proc/${pid}`)) {
    return `data directory ${directory} is in use by pid ${pid}: stop it, or give another --data-dir`;
  }
  return `cannot open data directory ${directory}: ${reason}`;
}

function newerThanThis(path: string, engineVersion: string): string | null {
  if (!existsSync(path)) return null;
  const mark = markSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!mark.success) return `something else (${path} is not ours)`;
  if (mark.data.layout > layout) return `a newer Palomar (layout ${mark.data.layout}, this one knows ${layout})`;
  const isNewer = release(mark.data.engine) > release(engineVersion);
  return isNewer ? `a newer engine (${mark.data.engine}, this one is ${engineVersion})` : null;
}

/** 26.7.2.1 is of release 26.7, and releases read what those before them wrote. */
function release(version: string): number {
  const [year = 0, month = 0] = version.split('.').map(Number);
  return year * 100 + month;
}

function readPassword(path: string): string {
  if (!existsSync(path)) {
    writeFileSync(path, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  }
  // Whoever copied the directory may have widened it.
  chmodSync(path, 0o600);
  const password = readFileSync(path, 'utf8').trim();
  if (password === '') throw new Error(`${path} is empty: remove it, and a new password is made`);
  return password;
}
