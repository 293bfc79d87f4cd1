/** Says in words how capture stands: one line for the banner, or nothing when all is well. */
import type { Health } from '../../../model/api.ts';

export interface Notice {
  readonly tone: 'info' | 'warning' | 'problem';
  readonly title: string;
  readonly detail: string;
  /** What is missing, each with the command that mends it. */
  readonly missing: readonly string[];
}

export function captureNotice(health: Health): Notice | null {
  const { store, capture } = health;
  if (store.state === 'down') {
    return { tone: 'problem', title: 'The store does not answer', detail: store.detail, missing: [] };
  }
  if (capture.mode === 'recording') {
    return {
      tone: 'info',
      title: 'This is a recording',
      detail: capture.detail || 'Its times are shifted to now; nothing is captured on this host.',
      missing: capture.missing,
    };
  }
  if (capture.mode === 'off') {
    return { tone: 'warning', title: 'No live capture', detail: capture.detail, missing: capture.missing };
  }
  if (capture.state === 'down' || capture.state === 'degraded') {
    const title = capture.state === 'down' ? 'Capture has stopped' : 'Capture is incomplete';
    return { tone: 'warning', title, detail: capture.detail, missing: capture.missing };
  }
  if (store.state === 'degraded') {
    return { tone: 'warning', title: 'The store is degraded', detail: store.detail, missing: [] };
  }
  return null;
}
