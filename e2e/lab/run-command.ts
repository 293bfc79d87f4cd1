/** Runs one program to its end: the lab's way to call ip, nft, openssl and initdb. It never goes through a shell. */
import { spawn } from 'node:child_process';

/** A program that could not be started or ended with something other than 0. */
class CommandFailed extends Error {
  readonly code = 'COMMAND_FAILED';
  readonly exitCode: number | null;

  constructor(argv: readonly string[], exitCode: number | null, said: string) {
    super(`${argv.join(' ')}: ${said.trim() || `exit ${String(exitCode)}`}`);
    this.exitCode = exitCode;
  }
}

/** How a program ended and what it said. */
export interface Outcome {
  readonly exitCode: number | null;
  readonly out: string;
  readonly said: string;
}

/** Resolves however the program ends, and rejects when it cannot be started; `input` is what it reads. */
export function tryCommand(argv: readonly string[], input = ''): Promise<Outcome> {
  const [program, ...args] = argv;
  if (program === undefined) return Promise.reject(new CommandFailed(argv, null, 'no program named'));
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    const said: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
    child.on('error', (cause) => reject(new CommandFailed(argv, null, cause.message)));
    child.on('close', (exitCode) =>
      resolve({ exitCode, out: Buffer.concat(out).toString(), said: Buffer.concat(said).toString() }),
    );
    // A program that ends without reading its input has said why by its exit code.
    child.stdin.on('error', (cause) => said.push(Buffer.from(cause.message)));
    child.stdin.end(input);
  });
}

/** Resolves with standard output; rejects when the program ends with something other than 0. */
export async function runCommand(argv: readonly string[], input = ''): Promise<string> {
  const { exitCode, out, said } = await tryCommand(argv, input);
  if (exitCode !== 0) throw new CommandFailed(argv, exitCode, said);
  return out;
}
