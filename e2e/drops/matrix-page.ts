/** Writes docs/drop-matrix.md from what was seen, and from the table of refined reasons. */
import { refinedReasons } from '../../model/drop-reasons.ts';
import type { Cause } from './causes.ts';
import type { KernelDrop } from './watch.ts';

export interface Outcome {
  readonly cause: Cause;
  readonly told: string;
  readonly drop: KernelDrop | undefined;
}

const code = (text: string): string => (text === '' ? 'none' : `\`${text}\``);
const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');

function describeOutcome({ cause, told, drop }: Outcome): readonly string[] {
  const start = [cause.name, `v${cause.family}`];
  const { expected } = cause;
  if ('impossible' in expected) return [...start, `no drop is seen: ${expected.impossible}`, '', '', '', '', told];
  if (drop === undefined) return [...start, 'not seen', '', '', '', '', told];
  const stored = expected.stored === undefined ? 'the same' : code(expected.stored);
  return [...start, code(drop.reason), stored, code(drop.location), code(drop.device), expected.place, told];
}

export function describeMatrix(outcomes: readonly Outcome[]): string {
  const head = ['cause', 'IP', 'what the kernel says', 'what is stored', 'location', 'interface', 'where', 'sender'];
  const words = refinedReasons.map(({ word, reasons, locations, routeError, sentence }) => [
    code(word),
    reasons.map(code).join(', '),
    [...(locations ?? []).map(code), ...(routeError === undefined ? [] : [`the route's errno is ${routeError}`])].join(
      ', ',
    ),
    sentence,
  ]);
  return `# The drop matrix

Written by \`e2e/drops/drop-matrix.int.test.ts\`, which makes each of these happen between two network namespaces and a
host that routes and bridges between them, and fails when a row is not as it stands here. After a change:
\`npx vitest run --project integration e2e/drops -u\`.

"What the kernel says" and "location" are what \`kfree_skb\` reported; "where" is the namespace it happened in; "sender" is
what the program that sent the packets was told: an errno, or that there was no answer (after 1.5 s of TCP, 0.5 s of UDP),
or only that its forged packet was sent. The stored row names the sender of the lost packet as its source.

${table(head, outcomes.map(describeOutcome))}

## Reasons that are made here

Where the kernel's word says nothing, the collector stores one by the function that threw the packet away and by the error
of its route (\`model/drop-reasons.ts\`); \`drop_location\` keeps the function. None of these is a name of the kernel's.

${table(['stored', 'for', 'where', 'what it means'], words)}
`;
}
