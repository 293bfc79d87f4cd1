/**
 * An answer that did not come: the filter with what is wrong in it underlined, a smaller question in place of one that
 * is too much, or what failed and a way to ask again.
 */
import type { ReactNode } from 'react';

import { Button } from '../../_components/button.tsx';
import { Message, Problem } from '../../_components/message.tsx';
import { ApiFailure } from '../api/client.ts';
import { useInvestigation } from '../url/investigation.ts';
import { FilterProblem } from './filter-problem.tsx';

interface AnswerProblemProps {
  readonly title: string;
  readonly error: Error;
  /** As it was sent. */
  readonly filter: string;
  readonly onRetry: () => void;
  /** Beside a filter that was not understood. */
  readonly actions?: ReactNode;
}

export function AnswerProblem({ title, error, filter, onRetry, actions }: AnswerProblemProps): ReactNode {
  if (error instanceof ApiFailure && error.parameter === 'filter' && error.position !== undefined) {
    return (
      <Message title="The filter was not understood" isProblem actions={actions}>
        <FilterProblem text={filter} position={error.position} message={error.message} />
      </Message>
    );
  }
  if (error instanceof ApiFailure && error.offers.length > 0) {
    return (
      <Message title={title} isProblem actions={<Offers offers={error.offers} filter={filter} />}>
        {error.message}
      </Message>
    );
  }
  return <Problem title={title} error={error} onRetry={onRetry} />;
}

function Offers({ offers, filter }: { readonly offers: ApiFailure['offers']; readonly filter: string }): ReactNode {
  const { setFilter, showSpan } = useInvestigation();
  return offers.map((offer) =>
    offer.filter === filter ? (
      <Button key={offer.href} onClick={() => showSpan(offer.fromMs, offer.toMs)}>
        Only the last {lengthWords(offer.toMs - offer.fromMs)}
      </Button>
    ) : (
      <Button key={offer.href} onClick={() => setFilter(offer.filter)}>
        {offer.filter === '' ? 'Without the filter' : `Only ${offer.filter}`}
      </Button>
    ),
  );
}

const hourMs = 3_600_000;

function lengthWords(ms: number): string {
  if (ms < hourMs) return `${ms / 60_000} min`;
  return ms < 48 * hourMs ? `${ms / hourMs} h` : `${ms / (24 * hourMs)} days`;
}
