/** A filter that was not understood: what is wrong underlined, and what is wrong with it. */
import type { ReactNode } from 'react';

interface FilterProblemProps {
  readonly text: string;
  readonly position: number;
  readonly length?: number;
  readonly message: string;
}

export function FilterProblem({ text, position, length = 1, message }: FilterProblemProps): ReactNode {
  return (
    <>
      <p className="overflow-hidden font-mono whitespace-pre">
        {text.slice(0, position)}
        <span className="bg-dropped-soft text-dropped underline decoration-wavy underline-offset-4">
          {text.slice(position, position + length) || ' '}
        </span>
        {text.slice(position + length)}
      </p>
      <p className="mt-1">
        {message} <span className="text-ink-faint">(character {position + 1})</span>
      </p>
    </>
  );
}
