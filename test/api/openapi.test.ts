import { Validator } from '@seriousme/openapi-schema-validator';
import { fastify } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiUnderTest, SALES } from './api-under-test.ts';
import { routesOf } from './routes.ts';
import { eventsOf, someVisits } from './visits.ts';

interface Operation {
  readonly summary?: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, Described>>;
  readonly requestBody?: Described;
  readonly security?: unknown;
}
interface Described {
  readonly description?: string;
  readonly content?: Readonly<Record<string, { readonly schema?: object }>>;
}
interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly securitySchemes?: object };
  readonly [key: string]: unknown;
}

/** Of which less is known. */
const PARTS = ['host=qs1', `app=${SALES}`, 'host=nobody&virtualProxy=x', 'at=2026-05-19T11:30:00Z'];
const TOKEN = 'reader-0123456789abcdef';
const api = new ApiUnderTest();
const guarded = new ApiUnderTest({ tokens: [{ name: 'a', token: TOKEN, scopes: ['read'] }] });
let document: OpenApi;
beforeAll(async () => {
  await api.start();
  await guarded.start();
  document = (await api.get('/api/v1/openapi.json')).body as unknown as OpenApi;
});
afterAll(async () => {
  await api.stop();
  await guarded.stop();
});

const operations = (of: OpenApi) =>
  Object.entries(of.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

it('the description is OpenAPI, with tokens and without', async () => {
  const authorization = `Bearer ${TOKEN}`;
  const url = '/api/v1/openapi.json';
  const other = await guarded.send({ method: 'GET', url, headers: { authorization } });
  for (const each of [document, other.body]) {
    expect(await new Validator().validate(structuredClone(each) as Record<string, unknown>)).toMatchObject({
      valid: true,
    });
  }
  expect(document['openapi']).toBe('3.0.3');
  expect(document['info']).toMatchObject({ title: 'Headcount', version: '1.2.3' });
});

it('what is no OpenAPI would be found', async () => {
  const broken = { ...structuredClone(document), paths: { counts: {} } };
  expect(await new Validator().validate(broken)).toMatchObject({ valid: false });
});

it('it has every route of the router and no other', async () => {
  const allowed = async (path: string) =>
    (await api.send({ method: 'DELETE', url: path })).headers['allow'] as string;
  const routed = new Set<string>();
  for (const path of new Set((await routesOf(api.app)).map(({ path }) => path))) {
    // The files of the page, as the router prints a path with a wildcard: they are the page's own business.
    if (path === '/*') continue;
    for (const method of (await allowed(path)).split(', ')) {
      if (method !== 'HEAD') routed.add(`${method} ${path}`);
    }
  }
  const described = operations(document).map(
    ({ path, method }) => `${method.toUpperCase()} ${path.replace(/\{\w+\}/g, 'x')}`,
  );
  expect(new Set(described)).toEqual(routed);
  expect(routed.size).toBeGreaterThan(10);
});

it('every route says what it is for, and has a schema for every answer', () => {
  for (const { path, operation } of operations(document)) {
    expect(operation.summary, path).toMatch(/^[A-Z]/);
    const { responses } = operation;
    expect(Object.keys(responses), path).toContain('default');
    for (const [status, { description, content }] of Object.entries(responses)) {
      expect(description, `${path} ${status}`).not.toBe('Default Response');
      if (status === '304') continue;
      const schemas = Object.values(content ?? {}).map(({ schema }) => schema);
      expect(schemas, `${path} ${status}`).not.toEqual([]);
      for (const schema of schemas) expect(Object.keys(schema ?? {}), `${path} ${status}`).toContain('type');
    }
  }
});

it('parameters and bodies are described', () => {
  const sessions = document.paths['/api/v1/sessions']?.['get'];
  const names = sessions?.parameters?.map(({ name }) => name);
  expect(names).toEqual([
    ...'active user host site virtualProxy app from to limit cursor at class application'.split(' '),
    ...'doubtful state search sort order own format'.split(' '),
  ]);
  expect(Object.keys(sessions?.responses['200']?.content ?? {})).toEqual(['application/json', 'text/csv']);
  const body = document.paths['/api/v1/events']?.['post']?.requestBody;
  expect(Object.keys(body?.content ?? {})).toEqual(['application/json', 'application/x-ndjson']);
});

it('with tokens it says which routes want one', async () => {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const { body } = await guarded.send({ method: 'GET', url: '/api/v1/openapi.json', headers });
  const described = body as unknown as OpenApi;
  for (const { path, method, operation } of operations(described)) {
    const isOpen = ['/healthz', '/readyz', '/'].includes(path);
    const both = [{ bearer: [] }, { basic: [] }];
    expect(operation.security, path).toEqual(
      isOpen ? undefined : method === 'post' ? both.slice(0, 1) : both,
    );
  }
  expect(Object.keys(described.components?.securitySchemes ?? {})).toEqual(['bearer', 'basic']);
  expect(JSON.stringify(body)).not.toContain(TOKEN);
});

describe('answers are as described', () => {
  const checker = fastify({ ajv: { customOptions: { coerceTypes: false, removeAdditional: false } } });
  let fits: (schema: object, value: unknown) => unknown;
  beforeAll(async () => {
    checker.post('/', async (request) => {
      const { schema, value } = request.body as { schema: object; value: unknown };
      const validate = request.compileValidationSchema(schema as Record<string, unknown>);
      return validate(value) ? [] : validate.errors;
    });
    fits = async (schema, value) => {
      const answer = await checker.inject({ method: 'POST', url: '/', payload: { schema, value } });
      return answer.json();
    };
    await api.post([
      ...eventsOf(someVisits(11)),
      { type: 'session_start', user: null, host: 'qs9', userAgent: 'Mozilla/5.0 Chrome/131' },
      { type: 'session_rejected', user: { directory: 'LAB', id: 'ann' }, host: 'qs1', reason: 'denied' },
      {
        type: 'connection_open',
        user: { directory: 'LAB', id: 'ann' },
        host: 'qs1',
        appId: SALES,
        result: 0,
      },
    ]);
  });

  const exampleOf = async (path: string): Promise<string> => {
    if (!path.includes('{')) return path;
    const [first] = (await api.get('/api/v1/sessions')).body.items;
    return path.replace('{id}', first?.id ?? '');
  };

  it('of every route that can be read', async () => {
    const schemaOf = (operation: Operation | undefined, status: number): object | undefined => {
      const { responses = {} } = operation ?? {};
      return (responses[status] ?? responses['default'])?.content?.['application/json']?.schema;
    };
    let checked = 0;
    for (const { path, method, operation } of operations(document)) {
      if (method !== 'get') continue;
      const example = await exampleOf(path);
      const ofParts = path === '/api/v1/counts' ? PARTS.map((part) => `${path}?${part}`) : [];
      for (const url of [example, ...ofParts, `${example}${example.includes('?') ? '&' : '?'}nonsense=1`]) {
        const { statusCode, body, headers } = await api.get(url);
        if (!String(headers['content-type']).startsWith('application/json')) continue;
        expect(await fits(schemaOf(operation, statusCode) ?? { not: {} }, body), url).toEqual([]);
        checked += 1;
      }
    }
    expect(checked).toBeGreaterThan(12);
  });

  it('of sent events, whatever came of them', async () => {
    const responses = document.paths['/api/v1/events']?.['post']?.responses ?? {};
    for (const [sent, status] of [
      [[{ type: 'heartbeat' }, 7], 202],
      [[7], 422],
      ['{', 400],
    ] as const) {
      const { statusCode, body } = await api.post(sent);
      expect(statusCode).toBe(status);
      const described = responses[status] ?? responses['default'];
      const schema = described?.content?.['application/json']?.schema;
      expect(await fits(schema ?? { not: {} }, body)).toEqual([]);
    }
  });

  it('while it is not ready', async () => {
    api.notReady = 'stopping';
    const { statusCode, body } = await api.get('/readyz');
    api.notReady = null;
    const schema =
      document.paths['/readyz']?.['get']?.responses['503']?.content?.['application/json']?.schema;
    expect(statusCode).toBe(503);
    expect(body).toMatchObject({ statusCode: 503, detail: { reason: 'stopping' } });
    expect(await fits(schema ?? { not: {} }, body)).toEqual([]);
  });
});
