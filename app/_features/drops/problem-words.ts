/** A problem in plain words: what happened between whom, why, and what to run. */
import { explainDrop, type DropExplanation } from '../../../model/drop-catalogue.ts';
import { edgeFilter, quote } from '../filter/filter-text.ts';
import { connectWords } from './connect-words.ts';
import type { ProblemGroup } from './drop-groups.ts';

export function explain({ kind, reason, destination, address, ports }: ProblemGroup): DropExplanation {
  const found = kind === 'connect' ? connectWords(reason) : explainDrop(reason);
  if (found === null) {
    return {
      says: `${reason} is not in the catalogue: a reason of a newer kernel, most likely.`,
      causes: [],
      checks: ['nstat -az', 'dropwatch -l kas'],
    };
  }
  // A workload's name is no host that a command could reach.
  const host = destination.kind === 'name' ? destination.name : 'DESTINATION';
  const target = address === '' ? host : address;
  const fill = (command: string): string =>
    command.replaceAll('DESTINATION', target).replaceAll('PORT', String(ports[0] ?? 'PORT'));
  return { ...found, checks: found.checks.map(fill) };
}

export function problemTitle({ kind, reason, source, destination, ports }: ProblemGroup): string {
  const [port] = ports;
  const shown = destination.name.includes(':') ? `[${destination.name}]` : destination.name;
  const target = ports.length === 1 && port !== undefined ? `${shown}:${port}` : destination.name;
  if (kind === 'drop') return `${source.name} loses packets to ${target}`;
  return `${source.name} ${reason === 'REFUSED' ? 'is refused by' : 'cannot connect to'} ${target}`;
}

/** The rows behind a group. */
export function problemFilter({ kind, reason, source, destination, ports }: ProblemGroup): string {
  const ends = `(${edgeFilter(source, destination)})`;
  if (kind === 'connect') return `connect:${reason.toLowerCase().replace('_', '-')} ${ends}`;
  const [port] = ports;
  return `reason:${quote(reason)} ${port === undefined ? '' : `(to.port:${port} or from.port:${port}) `}${ends}`;
}
