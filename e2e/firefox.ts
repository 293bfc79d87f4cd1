/**
 * Debian's Firefox over WebDriver BiDi, as far as a journey needs it: go somewhere, press keys, wait until something holds.
 * Playwright cannot drive it: it begins every page with a command that this Firefox does not know.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { WebSocket } from 'ws';
import { z } from 'zod';

import { eventually } from './stack.ts';

export interface Firefox {
  /** What its pages logged as errors, and what they threw. */
  readonly errors: readonly string[];
  goto(url: string): Promise<void>;
  /** Types the keys one after the other; `Enter` and `Escape` by name. */
  press(...keys: readonly string[]): Promise<void>;
  /** The value of a JavaScript expression in the page. */
  evaluate<S extends z.ZodType>(expression: string, schema: S): Promise<z.infer<S>>;
  /** Until the expression is true. */
  waitFor(expression: string): Promise<void>;
  close(): Promise<void>;
}

const namedKeys: Readonly<Record<string, string>> = { Enter: '\uE006', Escape: '\uE00C' };
/** It is to ask nobody else for anything. */
const preferences: Readonly<Record<string, string | number | boolean>> = {
  'app.normandy.enabled': false,
  'app.update.disabledForTesting': true,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.page': 0,
  'datareporting.policy.dataSubmissionEnabled': false,
  'extensions.getAddons.cache.enabled': false,
  'extensions.systemAddon.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,',
  'toolkit.telemetry.enabled': false,
};
const startsWithinMs = 60_000;
const holdsWithinMs = 30_000;

const messageSchema = z.union([
  z.object({ type: z.literal('success'), id: z.number(), result: z.unknown() }),
  z.object({ type: z.literal('error'), id: z.number().nullable(), error: z.string(), message: z.string() }),
  z.object({ type: z.literal('event'), method: z.string(), params: z.unknown() }),
]);
const logEntrySchema = z.object({ level: z.string(), text: z.string().nullable() });
const tabSchema = z.object({ context: z.string() });
/** Only texts come back: expressions are wrapped in JSON.stringify. */
const evaluatedSchema = z.union([
  z.object({ type: z.literal('success'), result: z.object({ type: z.literal('string'), value: z.string() }) }),
  z.object({ type: z.literal('exception'), exceptionDetails: z.object({ text: z.string() }) }),
]);

interface Session {
  send(method: string, params: Readonly<Record<string, unknown>>): Promise<unknown>;
  close(): void;
}

async function openSession(url: string, onEvent: (method: string, params: unknown) => void): Promise<Session> {
  const socket = new WebSocket(`${url}/session`);
  await once(socket, 'open');
  const waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  let lastId = 0;
  socket.on('message', (data: Buffer) => {
    const message = messageSchema.parse(JSON.parse(data.toString('utf8')));
    if (message.type === 'event') {
      onEvent(message.method, message.params);
      return;
    }
    const asked = waiting.get(message.id ?? -1);
    waiting.delete(message.id ?? -1);
    if (message.type === 'success') asked?.resolve(message.result);
    else asked?.reject(new Error(`${message.error}: ${message.message}`));
  });
  return {
    send: (method, params) =>
      new Promise((resolve, reject) => {
        const id = (lastId += 1);
        waiting.set(id, { resolve, reject });
        socket.send(JSON.stringify({ id, method, params }));
      }),
    close: () => socket.close(),
  };
}

/** Firefox names the address of its own choice on stderr. */
async function addressOf(child: ChildProcess): Promise<string> {
  if (child.stderr === null) throw new Error('Firefox was started without stderr');
  const said: string[] = [];
  const found = new Promise<string>((resolve) => {
    createInterface({ input: child.stderr ?? process.stdin }).on('line', (line) => {
      said.push(line);
      const address = /WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1];
      if (address !== undefined) resolve(address);
    });
  });
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`Firefox ended:\n${said.join('\n')}`)));
  const late = new Promise<never>((_resolve, reject) => {
    setTimeout(() => reject(new Error(`Firefox did not start:\n${said.join('\n')}`)), startsWithinMs).unref();
  });
  return Promise.race([found, ended, late]);
}

export async function openFirefox(): Promise<Firefox> {
  const profile = await mkdtemp(join(tmpdir(), 'palomar-firefox-'));
  const lines = Object.entries(preferences).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`);
  await writeFile(join(profile, 'user.js'), lines.join('\n'));
  const child = spawn(
    process.env['FIREFOX'] ?? 'firefox-esr',
    [
      '--headless',
      '--no-remote',
      '--profile',
      profile,
      '--remote-debugging-port',
      '0',
      '--width',
      '1440',
      '--height',
      '900',
    ],
    // Neither another profile nor a display of the user is to be touched.
    { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, HOME: profile, MOZ_HEADLESS: '1' } },
  );
  const exited = once(child, 'exit');
  const errors: string[] = [];
  const session = await openSession(await addressOf(child), (method, params) => {
    if (method !== 'log.entryAdded') return;
    const { level, text } = logEntrySchema.parse(params);
    if (level === 'error') errors.push(text ?? 'an error without words');
  });
  await session.send('session.new', { capabilities: {} });
  await session.send('session.subscribe', { events: ['log.entryAdded'] });
  // The tab that Firefox begins with never has the focus, and a key on a button then presses nothing.
  const { context } = tabSchema.parse(await session.send('browsingContext.create', { type: 'tab' }));

  const evaluate = async <S extends z.ZodType>(expression: string, schema: S): Promise<z.infer<S>> => {
    const answer = evaluatedSchema.parse(
      await session.send('script.evaluate', {
        expression: `JSON.stringify(${expression})`,
        target: { context },
        awaitPromise: false,
      }),
    );
    if (answer.type === 'exception') throw new Error(`${expression}: ${answer.exceptionDetails.text}`);
    return schema.parse(JSON.parse(answer.result.value));
  };
  return {
    errors,
    evaluate,
    async goto(url) {
      await session.send('browsingContext.navigate', { context, url, wait: 'complete' });
    },
    async press(...keys) {
      const actions = keys.flatMap((key) => {
        const value = namedKeys[key] ?? key;
        return [
          { type: 'keyDown', value },
          { type: 'keyUp', value },
        ];
      });
      await session.send('input.performActions', { context, actions: [{ type: 'key', id: 'keyboard', actions }] });
    },
    async waitFor(expression) {
      await eventually(
        holdsWithinMs,
        async () => ((await evaluate(`Boolean(${expression})`, z.boolean())) ? true : null),
        () => `${expression}; ${errors.join('; ')}`,
      );
    },
    async close() {
      await session.send('browser.close', {});
      session.close();
      await exited;
      await rm(profile, { recursive: true, force: true });
    },
  };
}
