/** What the lab needs of the machine, checked before anything is touched. */
import { readFileSync } from 'node:fs';
import { err, ok, type Result } from '../../model/result.ts';
import { findPostgresFolder, findProgram } from './servers.ts';

/** Programs and the Debian packages that bring them. */
const programs = {
  ip: 'iproute2',
  nft: 'nftables',
  setpriv: 'util-linux',
  unshare: 'util-linux',
  dnsmasq: 'dnsmasq-base',
  openssl: 'openssl',
} as const;

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface Requirements {
  readonly postgresFolder: string;
  /** Whom PostgreSQL and dnsmasq run as. */
  readonly owner: Owner;
}

/** The first of these users that exists; a name server may hand out others, the lab does not ask one. */
function unprivilegedUser(): Owner {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const fields = lines.find((line) => line.startsWith(`${name}:`))?.split(':');
    if (fields) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  return { uid: 65_534, gid: 65_534 };
}

export function checkRequirements(uid: number | undefined, path: string): Result<Requirements, string> {
  if (uid !== 0) return err('the lab makes network namespaces, which needs root; run: sudo npm run lab');
  const packages = new Set<string>();
  for (const [program, from] of Object.entries(programs)) {
    if (findProgram(program, path) === undefined) packages.add(from);
  }
  const postgresFolder = findPostgresFolder(path);
  if (postgresFolder === undefined) packages.add('postgresql');
  if (postgresFolder === undefined || packages.size > 0) {
    return err(`programs are missing; run: apt-get install -y --no-install-recommends ${[...packages].join(' ')}`);
  }
  return ok({ postgresFolder, owner: unprivilegedUser() });
}
