import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createCounters } from '../counters.ts';
import { plainAccess } from './kubernetes-access.ts';
import type { Change } from './kubernetes-objects.ts';
import { createKubernetesWatch, type KubernetesWatch } from './kubernetes-watch.ts';

type Answer = (request: { url: URL; isWatch: boolean; isPods: boolean }, response: ServerResponse) => void;

let server: Server | null = null;
let watch: KubernetesWatch | null = null;

afterEach(async () => {
  await watch?.stop();
  server?.closeAllConnections();
  server?.close();
});

function listOf(names: readonly string[], resourceVersion: string, next?: string): string {
  const items = names.map((name) => ({ metadata: { name, resourceVersion } }));
  return JSON.stringify({ metadata: { resourceVersion, continue: next }, items });
}

function event(type: string, name: string, resourceVersion: string): string {
  return `${JSON.stringify({ type, object: { metadata: { name, resourceVersion } } })}\n`;
}

/** Resources other than pods are empty and quiet. */
async function serve(answer: Answer, isMissing: (path: string) => boolean = () => false) {
  const requests: string[] = [];
  server = createServer((request: IncomingMessage, response) => {
    const url = new URL(request.url ?? '/', 'http://x');
    const isWatch = url.searchParams.get('watch') === '1';
    const isPods = url.pathname.endsWith('/pods');
    if (isPods)
      requests.push(
        `${isWatch ? 'watch' : 'list'} ${url.searchParams.get('resourceVersion') ?? url.searchParams.get('continue') ?? ''}`.trim(),
      );
    if (isPods) answer({ url, isWatch, isPods }, response);
    else if (isMissing(url.pathname)) response.writeHead(404).end();
    else if (isWatch) response.writeHead(200).flushHeaders();
    else response.end(listOf([], '1'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const changes: Change[] = [];
  const counters = createCounters();
  watch = createKubernetesWatch({
    get: plainAccess(`http://127.0.0.1:${address.port}`),
    counters,
    random: () => 0,
    clock: { now: () => Date.now() },
    log: { info: () => undefined, warn: () => undefined },
    onChange: (change) => changes.push(change),
  });
  watch.start(new AbortController().signal);
  return { watch, changes: () => changes.filter(({ resource }) => resource === 'pods'), counters, requests };
}

function told(changes: readonly Change[]): string[] {
  return changes.map(({ event: kind, objects }) => {
    const names = objects.map((object) => JSON.stringify(object).replace(/.*"name":"([^"]*)".*/, '$1'));
    return [kind, ...names].join(' ');
  });
}

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error('waited for 10 s in vain');
    await sleep(10);
  }
}

describe('watching the Kubernetes API', () => {
  it('lists in pages and then follows, also when a line comes in pieces', async () => {
    const {
      watch: started,
      changes,
      requests,
    } = await serve(({ url, isWatch }, response) => {
      if (!isWatch) {
        const isSecond = url.searchParams.get('continue') === 'more';
        response.end(isSecond ? listOf(['b'], '5') : listOf(['a'], '5', 'more'));
        return;
      }
      const lines = event('ADDED', 'c', '6') + event('BOOKMARK', 'x', '8') + event('DELETED', 'a', '9');
      response.write(lines.slice(0, 20));
      setTimeout(() => response.write(lines.slice(20)), 30);
    });
    await started.synced;
    await until(() => changes().length === 3);
    expect(told(changes())).toEqual(['list a b', 'put c', 'delete a']);
    expect(requests).toEqual(['list', 'list more', 'watch 5']);
  });

  it('goes on from the latest version when the server ends a watch', async () => {
    let watches = 0;
    const { changes, requests } = await serve(({ isWatch }, response) => {
      if (!isWatch) response.end(listOf(['a'], '5'));
      else if (++watches === 1) response.end(event('MODIFIED', 'a', '7'));
      else response.writeHead(200).flushHeaders();
    });
    await until(() => requests.length === 3);
    expect(requests).toEqual(['list', 'watch 5', 'watch 7']);
    expect(told(changes())).toEqual(['list a', 'put a']);
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['as an event', (response) => response.end(`${JSON.stringify({ type: 'ERROR', object: { code: 410 } })}\n`)],
    ['as an answer', (response) => response.writeHead(410).end()],
  ])('lists again at once when its version is too old, told %s', async (_name, gone) => {
    let watches = 0;
    const { requests, counters } = await serve(({ isWatch }, response) => {
      if (!isWatch) response.end(listOf(['a'], '5'));
      else if (++watches === 1) gone(response);
      else response.writeHead(200).flushHeaders();
    });
    await until(() => requests.length === 4);
    expect(requests).toEqual(['list', 'watch 5', 'list', 'watch 5']);
    expect(counters.read('kubernetes_relists')).toBe(1);
    expect(counters.read('kubernetes_errors')).toBe(0);
  });

  it('goes on from where it was when the connection breaks, without listing again', async () => {
    let watches = 0;
    const { changes, requests, counters } = await serve(({ isWatch }, response) => {
      if (!isWatch) response.end(listOf(['a'], '5'));
      else if (++watches === 1) {
        response.write(event('ADDED', 'b', '6'), () => response.destroy());
      } else response.writeHead(200).flushHeaders();
    });
    await until(() => requests.length === 3);
    expect(requests).toEqual(['list', 'watch 5', 'watch 6']);
    expect(told(changes())).toEqual(['list a', 'put b']);
    expect(counters.read('kubernetes_errors')).toBe(1);
  });

  it.each([429, 500, 503])('goes on from where it was when a watch is answered %d', async (status) => {
    let watches = 0;
    const { requests } = await serve(({ isWatch }, response) => {
      if (!isWatch) response.end(listOf(['a'], '5'));
      else if (++watches <= 2) response.writeHead(status, { 'retry-after': '0.1' }).end('later');
      else response.writeHead(200).flushHeaders();
    });
    await until(() => requests.length === 4);
    expect(requests).toEqual(['list', 'watch 5', 'watch 5', 'watch 5']);
  });

  it('lists again after a line that it cannot read, which may have told of a change', async () => {
    let watches = 0;
    const { requests } = await serve(({ isWatch }, response) => {
      if (!isWatch) response.end(listOf(['a'], '5'));
      else if (++watches === 1) response.end('{"type":"ADDED","obj\n');
      else response.writeHead(200).flushHeaders();
    });
    await until(() => requests.length === 4);
    expect(requests).toEqual(['list', 'watch 5', 'list', 'watch 5']);
  });

  it('takes all at once when pages are gone again and again before they are asked for', async () => {
    const { requests, changes } = await serve(({ url, isWatch }, response) => {
      if (isWatch) response.writeHead(200).flushHeaders();
      else if (url.searchParams.has('continue')) response.writeHead(410).end();
      else if (url.searchParams.has('limit')) response.end(listOf(['a'], '5', 'more'));
      else response.end(listOf(['a', 'b'], '6'));
    });
    await until(() => changes().length === 1);
    expect(told(changes())).toEqual(['list a b']);
    expect(requests.slice(0, 5)).toEqual(['list', 'list more', 'list', 'list more', 'list']);
  });

  it('does without resources that a cluster does not have', async () => {
    const { watch: started, counters } = await serve(
      ({ isWatch }, response) => {
        if (isWatch) response.writeHead(200).flushHeaders();
        else response.end(listOf(['a'], '5'));
      },
      (path) => path.includes('cilium') || path.includes('jobs'),
    );
    await started.synced;
    expect(counters.read('kubernetes_errors')).toBe(0);
  });

  it('keeps of an object only what is used', async () => {
    const { changes } = await serve(({ isWatch }, response) => {
      const items = [{ metadata: { name: 'a', annotations: { long: 'x' } }, spec: { volumes: [] } }];
      if (isWatch) response.writeHead(200).flushHeaders();
      else response.end(JSON.stringify({ metadata: { resourceVersion: '5' }, items }));
    });
    await until(() => changes().length === 1);
    expect(JSON.stringify(changes())).not.toMatch(/long|volumes/);
  });

  it('survives an API that fails, and keeps trying', async () => {
    let requestsSeen = 0;
    const { changes, counters } = await serve(({ isWatch }, response) => {
      requestsSeen += 1;
      if (requestsSeen === 1) response.writeHead(500).end();
      else if (requestsSeen === 2) response.end('no json');
      else if (!isWatch) response.end(listOf(['a'], '5'));
      else response.writeHead(200).flushHeaders();
    });
    await until(() => changes().length === 1);
    expect(counters.read('kubernetes_errors')).toBe(2);
  });
});
