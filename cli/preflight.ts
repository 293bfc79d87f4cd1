/**
 * Looks before leaping: is the port free, the data directory usable, the recording readable, and what does live capture
 * lack here? Changes nothing but creating the data directory.
 */
import { constants } from 'node:fs';
import { access, mkdir, open, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';

import { err, ok, type Result } from '../model/result.ts';

const errno = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : String(error);

/** Binds and releases `port` on loopback; 0 asks for any. Gives the port that was free. */
export function freePort(port: number): Promise<Result<number, string>> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', (error) => {
      const code = errno(error);
      const why = code === 'EADDRINUSE' ? 'is in use' : code === 'EACCES' ? 'needs root' : `cannot be used (${code})`;
      done(err(`port ${port} ${why}; choose another with --port`));
    });
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => done(ok(bound)));
    });
  });
}

/** Makes sure `dir` exists and can be written. */
export async function usableDataDir(dir: string): Promise<Result<null, string>> {
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    await access(dir, constants.R_OK | constants.W_OK | constants.X_OK);
    return ok(null);
  } catch (error) {
    const code = errno(error);
    const why =
      code === 'EACCES' || code === 'EPERM'
        ? 'cannot be read and written by this user'
        : code === 'ENOTDIR' || code === 'EEXIST'
          ? 'is not a directory'
          : code === 'EROFS'
            ? 'is on a read-only file system'
            : `cannot be used (${code})`;
    return err(`data directory ${dir} ${why}; choose another with --data-dir`);
  }
}

/** Makes sure `file` is a readable, non-empty regular file. */
export async function readableFile(flag: string, file: string): Promise<Result<null, string>> {
  try {
    const handle = await open(file, 'r');
    await handle.close();
    const facts = await stat(file);
    if (!facts.isFile()) return err(`${flag}: ${file} is not a file`);
    if (facts.size === 0) return err(`${flag}: ${file} is empty`);
    return ok(null);
  } catch (error) {
    const why = errno(error) === 'ENOENT' ? 'does not exist' : `cannot be read (${errno(error)})`;
    return err(`${flag}: ${file} ${why}`);
  }
}

/** Linux capability numbers, include/uapi/linux/capability.h. */
const needed = { CAP_NET_ADMIN: 12n, CAP_PERFMON: 38n, CAP_BPF: 39n } as const;
const CAP_SYS_ADMIN = 21n;

/** What live capture lacks on this machine, each `<feature>: <why, and what mends it>`; empty when nothing. */
export async function missingForCapture(probePath: string): Promise<string[]> {
  if (process.platform !== 'linux')
    return [`live capture: needs Linux, this is ${process.platform}; use --replay FILE`];
  const missing: string[] = [];
  const status = await readFile('/proc/self/status', 'utf8');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  const has = (bit: bigint): boolean => (effective & (1n << bit)) !== 0n;
  const lacking = Object.entries(needed).filter(([, bit]) => !has(bit) && !has(CAP_SYS_ADMIN));
  if (lacking.length > 0) {
    missing.push(`live capture: lacks ${lacking.map(([name]) => name).join(', ')}; run it as root: sudo npm start`);
  }
  try {
    await access('/sys/kernel/btf/vmlinux', constants.R_OK);
  } catch {
    missing.push('live capture: the kernel has no BTF (/sys/kernel/btf/vmlinux); needs CONFIG_DEBUG_INFO_BTF=y');
  }
  try {
    await access(probePath, constants.X_OK);
  } catch {
    missing.push(
      'live capture: the probe is not built; install clang llvm bpftool gcc make libbpf-dev libelf-dev zlib1g-dev and start again',
    );
  }
  return missing;
}
