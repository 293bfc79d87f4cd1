/**
 * Kernel settings that the lab turns and turns back. Forwarding is switched on for the lab's own links only where the
 * kernel allows that; the old values are kept in a file until they are back, so that the next lab can restore them
 * for one that was killed.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

const root = '/proc/sys/net';
const savedSchema = z.record(z.string(), z.string());

const read = (key: string): string => readFileSync(`${root}/${key}`, 'utf8').trim();
const write = (key: string, value: string): void => writeFileSync(`${root}/${key}`, value);

/** Quiet and forwarding settings of one host-side link; they vanish with the link. */
export function prepareLink(link: string): void {
  write(`ipv6/conf/${link}/disable_ipv6`, '0');
  write(`ipv6/conf/${link}/accept_ra`, '0');
  write(`ipv6/conf/${link}/autoconf`, '0');
  write(`ipv6/conf/${link}/router_solicitations`, '0');
  write(`ipv6/conf/${link}/dad_transmits`, '0');
  write(`ipv4/conf/${link}/forwarding`, '1');
  if (canForwardPerLink(link)) write(`ipv6/conf/${link}/force_forwarding`, '1');
}

/** Since Linux 6.17 a single interface may forward IPv6; before, only all of them together. */
function canForwardPerLink(link: string): boolean {
  return existsSync(`${root}/ipv6/conf/${link}/force_forwarding`);
}

/**
 * Lets the host forward IPv6 on kernels that know no per-link switch. Interfaces that take router advertisements keep
 * taking them (accept_ra 2), else the host would lose the default route it learned from one.
 */
export function enableIpv6Forwarding(link: string, savedFile: string): void {
  if (canForwardPerLink(link) || read('ipv6/conf/all/forwarding') === '1') return;
  const keys = readdirSync(`${root}/ipv6/conf`)
    .filter((name) => !name.startsWith('palomar-'))
    .flatMap((name) => [`ipv6/conf/${name}/forwarding`, `ipv6/conf/${name}/accept_ra`]);
  const saved = Object.fromEntries(keys.map((key) => [key, read(key)]));
  writeFileSync(savedFile, JSON.stringify(saved));
  for (const [key, value] of Object.entries(saved)) {
    if (key.endsWith('/accept_ra') && value === '1') write(key, '2');
  }
  write('ipv6/conf/all/forwarding', '1');
}

/** Puts back what `enableIpv6Forwarding` changed; nothing to do if it changed nothing. */
export function restoreIpv6Forwarding(savedFile: string): void {
  if (!existsSync(savedFile)) return;
  const saved = savedSchema.parse(JSON.parse(readFileSync(savedFile, 'utf8')));
  // `all` first: writing it overwrites every interface.
  const entries = Object.entries(saved).sort(([a], [b]) => Number(b.includes('/all/')) - Number(a.includes('/all/')));
  for (const [key, value] of entries) {
    if (existsSync(`${root}/${key}`) && read(key) !== value) write(key, value);
  }
  rmSync(savedFile);
}
