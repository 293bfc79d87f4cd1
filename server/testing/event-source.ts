/** A reader of the live stream for tests: parses every event with the API's own schema. */
import { type Flow, liveEvents } from '../../model/api.ts';

export interface EventReader {
  names(): readonly string[];
  flows(): readonly Flow[];
  skipped(): number;
  problems(): readonly string[];
  isClosed(): boolean;
  close(): void;
}

export async function openEvents(url: string): Promise<EventReader> {
  const closing = new AbortController();
  const answer = await fetch(url, { signal: closing.signal });
  if (!answer.ok || answer.body === null) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  const names: string[] = [];
  const flows: Flow[] = [];
  const problems: string[] = [];
  let skipped = 0;
  let isClosed = false;

  function take(text: string): void {
    const [, name, data = ''] = /^event: (\w+)\ndata: (.*)$/.exec(text) ?? [];
    if (name === undefined) return;
    names.push(name);
    const value: unknown = JSON.parse(data);
    if (name === 'flows') {
      const event = liveEvents.flows.parse(value);
      flows.push(...event.flows);
      skipped += event.skipped;
    } else if (name === 'problem') {
      problems.push(liveEvents.problem.parse(value).message);
    } else {
      liveEvents.tick.parse(value);
    }
  }

  async function read(body: ReadableStream<Uint8Array>): Promise<void> {
    let pending = '';
    const decoder = new TextDecoder();
    for await (const chunk of body) {
      const events = (pending + decoder.decode(chunk, { stream: true })).split('\n\n');
      pending = events.pop() ?? '';
      events.forEach(take);
    }
  }

  void read(answer.body)
    .catch((error: unknown) => {
      if (!closing.signal.aborted) problems.push(String(error));
    })
    .finally(() => {
      isClosed = true;
    });

  return {
    names: () => names,
    flows: () => flows,
    skipped: () => skipped,
    problems: () => problems,
    isClosed: () => isClosed,
    close: () => closing.abort(),
  };
}
