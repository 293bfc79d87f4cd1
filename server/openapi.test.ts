import { describe, expect, it } from 'vitest';
import { allowed } from './openapi.ts';
import { testApp } from './testing/test-app.ts';

function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' && typeof inner === 'string' ? [inner] : references(inner),
  );
}

const grouping: unknown = expect.objectContaining({
  name: 'grouping',
  in: 'query',
  required: false,
  schema: { type: 'string', enum: ['workload', 'namespace', 'pod'], default: 'workload' },
});

const format: unknown = expect.objectContaining({
  name: 'format',
  in: 'query',
  required: false,
  schema: { type: 'string', enum: ['json', 'hubble'], default: 'json' },
});

describe('the OpenAPI document', () => {
  it('describes every path, parameter and answer', async () => {
    const document: unknown = (await testApp().inject('/api/v1/openapi.json')).json();
    expect(document).toMatchObject({
      openapi: '3.1.0',
      paths: {
        '/api/v1/map': { get: { operationId: 'map', parameters: expect.arrayContaining([grouping]) } },
        '/api/v1/flows': {
          get: {
            operationId: 'flows',
            parameters: expect.arrayContaining([format]),
            responses: {
              200: {
                headers: { 'Palomar-Cursor': { schema: { type: 'string' } } },
                content: { 'application/json': {}, 'application/x-ndjson': {} },
              },
            },
          },
        },
        '/api/v1/live': { get: { operationId: 'live' } },
        '/api/v1/health': { get: { operationId: 'health' } },
      },
      components: {
        schemas: {
          Map: { properties: { edges: { type: 'array' } } },
          HubbleExport: { properties: { flow: { type: 'object' }, node_name: { type: 'string' } } },
        },
      },
    });
  });

  it('refers only to what it holds', async () => {
    const document = (await testApp().inject('/api/v1/openapi.json')).json<{ components: { schemas: object } }>();
    const held = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
    expect(held).toEqual(expect.arrayContaining(references(document)));
  });

  it('lists paths that exist', async () => {
    const required: Readonly<Record<string, string>> = {
      '/api/v1/connection': '?id=1',
      '/api/v1/values': '?field=ns',
    };
    for (const path of [...allowed.keys()].filter((p) => p !== '/api/v1/live')) {
      expect((await testApp().inject(`${path}${required[path] ?? ''}`)).statusCode, path).toBe(200);
    }
  });
});
