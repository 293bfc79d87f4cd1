/** An answer that did not come: the filter with what is wrong in it underlined, or what failed and a way to ask again. */
import type { ReactNode } from 'react';

import { Message, Problem } from '../../_components/message.tsx';
import { ApiFailure } from '../api/client.ts';
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
  return <Problem title={title} error={error} onRetry={onRetry} />;
}
