/** The recorded lab and a browser, for journeys that need no live capture: the same traffic each time, on any machine. */
import { openBrowser, type Browser } from './browser.ts';
import { startStack, type Stack } from './stack.ts';

export interface RecordedLab {
  readonly stack: Stack;
  readonly browser: Browser;
  stop(): Promise<void>;
}

/** `more` are further flags of the start. */
export async function startRecordedLab(more: readonly string[] = []): Promise<RecordedLab> {
  const stack = await startStack({
    args: ['--replay', 'e2e/lab/recording.plr', ...more],
    env: { PALOMAR_CLUSTER: 'default' },
  });
  const browser = await openBrowser();
  return {
    stack,
    browser,
    async stop() {
      await browser.close();
      await stack.remove();
    },
  };
}
