/** The `hubble observe` call that finds flows like this one, as far as its flags can say it. */
import type { Flow, FlowEndpoint } from '../../../model/api.ts';
import { parseTime } from '../../_viz/format/time.ts';
import { shellQuote } from './shell-quote.ts';

const aroundMs = 1_000;

export function hubbleCommand(flow: Flow): string {
  const ms = parseTime(flow.time);
  const flags: (readonly [string, string])[] = [
    ['--since', new Date(ms - aroundMs).toISOString()],
    ['--until', new Date(ms + aroundMs).toISOString()],
    endFlag('from', flow.from),
    endFlag('to', flow.to),
    ...(flow.to.port > 0 ? [['--to-port', String(flow.to.port)] as const] : []),
    ['--protocol', flow.protocol.toLowerCase().replace('icmpv4', 'icmp')],
    ['--verdict', flow.verdict],
  ];
  return `hubble observe ${flags.map(([flag, value]) => `${flag} ${shellQuote(value)}`).join(' ')}`;
}

function endFlag(side: 'from' | 'to', end: FlowEndpoint): readonly [string, string] {
  if (end.pod !== '') return [`--${side}-pod`, `${end.namespace}/${end.pod}`];
  const [name] = end.names;
  return name === undefined ? [`--${side}-ip`, end.ip] : [`--${side}-fqdn`, name];
}
