/** How a conversation ended, on its way from the probe's record of two sides to the row's source and destination. */
import { endCauses, type EndCause } from '../../model/words.ts';
import { flowRecord } from '../decode/wire.ts';
import type { Side } from '../protocol/exchange.ts';

/** END_RST of bpf/wire.h. */
const reset = 2;
/** Above every cause of the wire; the side that sent the reset is added. */
const resetBy = 16;

/** What a connection keeps of a record: its cause, and of a reset by whom. */
export function endCauseOf(from: DataView, offset: number): number {
  const cause = from.getUint8(offset + flowRecord.end_cause);
  const by = from.getUint8(offset + flowRecord.rst_by);
  return cause === reset && by < 2 ? resetBy + by : cause;
}

/** The place in `endCauses` of what was kept. */
export function endCauseWord(kept: number, source: Side): number {
  const name: EndCause = kept - resetBy === source ? 'RST_BY_SOURCE' : 'RST_BY_DESTINATION';
  return kept < resetBy ? kept : endCauses.indexOf(name);
}
