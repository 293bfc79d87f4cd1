import { describe, expect, it } from 'vitest';
import { basePathSchema, basePathStandIn, fillBasePath, withoutBasePath } from './base-path.ts';

describe('a base path', () => {
  it.each([
    ['/palomar', '/palomar'],
    ['palomar/', '/palomar'],
    ['/tools//palomar', '/tools/palomar'],
    ['/', ''],
    ['', ''],
  ])('written %j is %j', (text, base) => {
    expect(basePathSchema.parse(text)).toBe(base);
  });

  it.each(['/a b', '/"><script>', '/..', '/a?b', 'http://host/x'])('is not %j', (text) => {
    expect(basePathSchema.safeParse(text).success).toBe(false);
  });
});

describe('the path below the base', () => {
  it.each([
    ['/palomar', '/'],
    ['/palomar?from=1', '/?from=1'],
    ['/palomar/', '/'],
    ['/palomar/api/v1/map?x=1', '/api/v1/map?x=1'],
    ['/palomarama', '/palomarama'],
    ['/api/v1/map', '/api/v1/map'],
  ])('of %s is %s', (url, path) => {
    expect(withoutBasePath(url, '/palomar')).toBe(path);
  });

  it('is the path itself without a base', () => {
    expect(withoutBasePath('/palomar', '')).toBe('/palomar');
  });
});

describe('a built text', () => {
  const text = `<a href="${basePathStandIn}">home</a><script src="${basePathStandIn}/_next/a.js"></script>`;
  it('leads below the base', () => {
    expect(fillBasePath(text, '/palomar')).toBe(
      '<a href="/palomar">home</a><script src="/palomar/_next/a.js"></script>',
    );
  });
  it('leads to the root without one', () => {
    expect(fillBasePath(text, '')).toBe('<a href="/">home</a><script src="/_next/a.js"></script>');
  });
});
