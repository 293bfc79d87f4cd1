/** Elements out of sight that wear the colours of edges, for `paletteOf` to read. */
import type { ReactNode, Ref } from 'react';

import { changes, states } from './edge-palette.ts';

export function EdgeTones({ ref }: { ref: Ref<HTMLSpanElement> }): ReactNode {
  return (
    <span ref={ref} aria-hidden hidden data-edge-tones>
      {states.map((state) => (
        <span key={state} className="edge" data-state={state} />
      ))}
      {states.map((state) => (
        <span key={`${state} dimmed`} className="edge edge-dimmed" data-state={state} />
      ))}
      <span className="edge edge-calm" data-state="plain" />
      <span className="text-dropped" />
      <span className="text-canvas" />
      {changes.map((change) => (
        <span key={change} className="edge" data-state="plain" data-change={change} />
      ))}
    </span>
  );
}
