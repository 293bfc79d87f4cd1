/** The `palomar flows` call that finds flows like this one. */
import type { Flow } from '../../../model/api.ts';
import { parseTime } from '../../_viz/format/time.ts';
import { shellQuote } from './shell-quote.ts';

const aroundMs = 1_000;

/** `origin` is where this page came from: the server that has the flow. */
export function palomarCommand(flow: Flow, origin: string): string {
  const ms = parseTime(flow.time);
  const flags: (readonly [string, string])[] = [
    ['--from', new Date(ms - aroundMs).toISOString()],
    ['--to', new Date(ms + aroundMs).toISOString()],
    ['--filter', `conn:${flow.connectionId}`],
    ['--output', 'jsonl'],
    ['--url', origin],
  ];
  return `npm run --silent palomar -- flows ${flags.map(([flag, value]) => `${flag} ${shellQuote(value)}`).join(' ')}`;
}
