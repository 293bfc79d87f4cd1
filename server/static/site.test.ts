import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basePathStandIn } from '../../model/base-path.ts';
import { testApp } from '../testing/test-app.ts';
import { contentSecurityPolicy } from './content-security.ts';
import { type Site, loadSite } from './site.ts';

const script = 'self.__next_f.push([1,"é"])';
const hash = `'sha256-${createHash('sha256').update(script).digest('base64')}'`;
const longText = 'a { color: red }\n'.repeat(200);
let directory = '';
let site: Site | null = null;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'palomar-site-'));
  const out = join(directory, 'out');
  await mkdir(join(out, '_next/static/css'), { recursive: true });
  await mkdir(join(out, 'docs'), { recursive: true });
  await writeFile(join(out, 'index.html'), `<script src="/_next/a.js"></script><script>${script}</script>`);
  await writeFile(join(out, '_next/a.js'), 'start()');
  await writeFile(join(out, 'flows.html'), 'flows');
  await writeFile(join(out, 'docs/index.html'), 'docs');
  await writeFile(join(out, '404.html'), 'nowhere');
  await writeFile(join(out, '_next/static/css/a.css'), longText);
  await writeFile(join(directory, 'secret.txt'), 'secret');
  await symlink(join(directory, 'secret.txt'), join(out, 'link.txt'));
  site = await loadSite(out);
});
afterAll(() => rm(directory, { recursive: true }));

describe('below a base path', () => {
  const stand = basePathStandIn;
  const page = `<a href="${stand}">home</a><script src="${stand}/_next/b.js"></script><script>go("${stand}")</script>`;
  beforeAll(async () => {
    await mkdir(join(directory, 'below'));
    await writeFile(join(directory, 'below/index.html'), page);
  });
  const get = async (url: string) => {
    const below = await loadSite(join(directory, 'below'), '/palomar');
    return testApp({ basePath: '/palomar', site: () => Promise.resolve(below) }).inject(url);
  };

  it.each(['/palomar', '/palomar/', '/'])('the page is there at %s, and leads below it', async (url) => {
    const { statusCode, body } = await get(url);
    expect(statusCode).toBe(200);
    expect(body).toContain('<a href="/palomar">');
    expect(body).toContain('src="/palomar/_next/b.js"');
  });

  it('its scripts may run: their hashes are those of what is sent', async () => {
    const { body, headers } = await get('/palomar');
    const [, sent = ''] = /<script>(.*?)<\/script>/.exec(body) ?? [];
    expect(sent).toContain('/palomar');
    const digest = createHash('sha256').update(sent).digest('base64');
    expect(headers['content-security-policy']).toContain(`'sha256-${digest}'`);
  });

  it.each(['/palomar/api/v1/health', '/api/v1/health'])(
    'the API answers at %s, whether a proxy cuts the base or not',
    async (url) => {
      expect((await get(url)).statusCode).toBe(200);
    },
  );
});

describe('the pages', () => {
  const get = (url: string, headers: Record<string, string> = {}) =>
    testApp({ site: () => Promise.resolve(site) }).inject({ url, headers });

  it('lets a script that runs as a worker load its parts from here, and nothing else', async () => {
    const { headers } = await get('/_next/a.js');
    expect(headers['content-security-policy']).toBe("default-src 'none'; script-src 'self'; frame-ancestors 'none'");
  });

  it.each([
    ['/', 200, '<script'],
    ['/flows', 200, 'flows'],
    ['/flows/', 200, 'flows'],
    ['/flows?filter=ns:a', 200, 'flows'],
    ['/docs', 200, 'docs'],
    ['/nothing', 404, 'nowhere'],
    ['/link.txt', 404, 'nowhere'],
    ['/../secret.txt', 404, 'nowhere'],
    ['/..%2fsecret.txt', 404, 'nowhere'],
    ['/%2e%2e/secret.txt', 404, 'nowhere'],
  ])('%s is answered with %i', async (url, status, text) => {
    const answer = await get(url);
    expect(answer.statusCode).toBe(status);
    expect(answer.body).toContain(text);
    expect(answer.headers['content-type']).toContain('text/html');
    expect(answer.headers['cache-control']).toBe('no-cache');
  });

  it('allow their own inline scripts only', async () => {
    const policy = String((await get('/')).headers['content-security-policy']);
    expect(policy).toContain(`script-src 'self' ${hash};`);
    expect(policy).not.toContain("script-src 'self' 'unsafe-inline'");
  });

  it('come with hashed files that are kept for ever, compressed and not sent twice', async () => {
    const answer = await get('/_next/static/css/a.css', { 'accept-encoding': 'gzip' });
    expect(answer.headers['cache-control']).toContain('immutable');
    expect(answer.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(answer.rawPayload).toString()).toBe(longText);
    const again = await get('/_next/static/css/a.css', { 'if-none-match': String(answer.headers.etag) });
    expect(again.statusCode).toBe(304);
    expect(again.body).toBe('');
  });

  it('are missing when there is no directory, or no page in it', async () => {
    expect(await loadSite(join(directory, 'absent'))).toBeNull();
    expect(await loadSite(join(directory, 'out/docs/..', '_next'))).toBeNull();
  });
});

describe('a policy', () => {
  it('has no hash for a page without inline scripts', () => {
    expect(contentSecurityPolicy('<script src="a.js" async></script>')).toContain("script-src 'self';");
  });
});
