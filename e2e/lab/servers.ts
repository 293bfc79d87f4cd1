/**
 * The lab's servers that are not ours: PostgreSQL and dnsmasq from the distribution, and a certificate by openssl.
 * Each runs unprivileged with everything it needs on its command line; nothing under /etc is read or written.
 */
import { chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runCommand } from './run-command.ts';
import { dns, loadZone, names, outside, pods, ports } from './topology.ts';

/** Where distributions put system programs; a user's PATH may lack the last two. */
const searchPath = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

export function findProgram(name: string, path: string): string | undefined {
  const folders = [...path.split(delimiter).filter(Boolean), ...searchPath];
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}

/** The newest PostgreSQL's own folder: Debian keeps its server programs out of the PATH. */
export function findPostgresFolder(path: string): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(debian, version, 'bin')), ...path.split(delimiter), ...searchPath];
  return folders.find((folder) => existsSync(join(folder, 'postgres')) && existsSync(join(folder, 'initdb')));
}

/** Makes an empty cluster in `<folder>/postgres`, owned by `owner`, that trusts the lab's addresses. */
export async function createDatabaseCluster(
  config: { readonly bin: string; readonly folder: string },
  owner: { readonly uid: number; readonly gid: number },
): Promise<string> {
  const data = join(config.folder, 'postgres');
  mkdirSync(data, { mode: 0o700 });
  chownSync(data, owner.uid, owner.gid);
  const asOwner = ['setpriv', `--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups', '--'];
  await runCommand([
    ...asOwner,
    join(config.bin, 'initdb'),
    ...['--pgdata', data, '--username=palomar', '--auth=trust', '--no-sync', '--locale=C', '--encoding=UTF8'],
    '--wal-segsize=1',
  ]);
  await runCommand(
    [...asOwner, 'sh', '-c', 'cat >> "$1"', 'sh', join(data, 'pg_hba.conf')],
    'host all all 0.0.0.0/0 trust\nhost all all ::/0 trust\n',
  );
  return data;
}

export function postgresArgv(bin: string, data: string): readonly string[] {
  const settings = {
    listen_addresses: '*',
    port: ports.postgres,
    unix_socket_directories: '',
    fsync: 'off',
    shared_buffers: '16MB',
    max_connections: 20,
    max_wal_size: '32MB',
    min_wal_size: '4MB',
    dynamic_shared_memory_type: 'mmap',
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return [join(bin, 'postgres'), '-D', data, ...flags];
}

export const postgresReady = 'database system is ready to accept connections';

/**
 * An authoritative answer for the lab's names and whatever is below the load's zone, NXDOMAIN for the rest of the zones
 * they are in, REFUSED for all else: it knows no other server to ask.
 */
export function dnsmasqArgv(): readonly string[] {
  const records = pods.map((pod) => `--host-record=${names[pod.role]},${pod.ipv4},${pod.ipv6}`);
  return [
    'dnsmasq',
    ...['--keep-in-foreground', '--conf-file=/dev/null', '--log-facility=-', '--pid-file=', '--user='],
    ...['--no-resolv', '--no-hosts', '--no-poll', '--bind-interfaces', '--cache-size=0'],
    ...[`--listen-address=${dns.ipv4}`, `--listen-address=${dns.ipv6}`],
    ...['--local=/cluster.local/', '--local=/stripe.com/', '--local=/palomar.test/', '--local-ttl=5', '--neg-ttl=5'],
    `--address=/${loadZone}/192.0.2.7`,
    `--address=/${loadZone}/2001:db8::7`,
    ...records,
  ];
}

export const dnsmasqReady = 'started, version';

/** A key and a self-signed certificate for the payment provider, for two days. */
export async function createCertificate(folder: string): Promise<{ readonly key: string; readonly cert: string }> {
  const key = join(folder, 'outside.key');
  const cert = join(folder, 'outside.crt');
  await runCommand([
    ...['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-subj', `/CN=${outside.name}`, '-addext', `subjectAltName=DNS:${outside.name}`],
    ...['-keyout', key, '-out', cert],
  ]);
  return { key, cert };
}
