/** What is being watched, in one line for the terminal, as the server's health answer has it. */
import { setTimeout as sleep } from 'node:timers/promises';

import { healthSchema, type Health } from '../model/api.ts';

/** The sentence for one health answer; null while capture has not reported yet. */
export function describeCapture(health: Health, replay: string | null): string | null {
  const { mode, interfaces, detail } = health.capture;
  switch (mode) {
    case 'unknown':
      return null;
    case 'off':
      return 'nothing: there is no live capture (see above); stored flows are shown';
    case 'recording':
      return `a recording: ${replay ?? detail}`;
    case 'live': {
      const attached = interfaces.filter((i) => i.state === 'attached').map((i) => i.name);
      const shown = attached.slice(0, 8).join(', ');
      const more = attached.length > 8 ? ` and ${attached.length - 8} more` : '';
      return attached.length === 0
        ? null
        : `${attached.length} ${attached.length === 1 ? 'interface' : 'interfaces'}: ${shown}${more}`;
    }
  }
}

/**
 * Asks the server at `url` for up to 6 s, because the first status row takes a moment to be stored. With a probe running
 * (`isLive`), "off" only means that the collector has not reached it yet.
 */
export async function captureSentence(url: string, replay: string | null, isLive: boolean): Promise<string> {
  for (let attempt = 0; attempt < 24; attempt++) {
    const response = await fetch(new URL('/api/v1/health', url));
    const parsed = healthSchema.safeParse(await response.json());
    const sentence = parsed.success ? describeCapture(parsed.data, replay) : null;
    const isEarly = isLive && parsed.data?.capture.mode !== 'live';
    if (sentence !== null && !isEarly) return sentence;
    await sleep(250);
  }
  return 'nothing has been reported yet; the Status line of the page says more';
}
