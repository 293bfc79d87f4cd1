/** What a browser gets when the user interface was not built. */
import type { Asset } from './site.ts';
import { contentSecurityPolicy } from './content-security.ts';

const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Palomar</title>
<style>body { font: 15px/1.5 system-ui, sans-serif; max-width: 36em; margin: 4em auto; padding: 0 1em; color-scheme: light dark }</style>
<h1>The user interface is not built</h1>
<p>The API is up: <a href="/api/v1/health">/api/v1/health</a>. To build the pages, run <code>npm run build:app</code> in the
repository, or start everything with <code>npm start</code>, then reload.</p>
</html>
`;

const body = Buffer.from(html);

export const missingPage: Asset = {
  type: 'text/html; charset=utf-8',
  body,
  etag: '"not-built"',
  cacheControl: 'no-store',
  policy: contentSecurityPolicy(html),
  encoded: () => null,
};
