import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { fastify } from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createExceptionlessReceiver } from '../../../receivers/exceptionless/exceptionless.ts';
import { ApiUnderTest } from '../../api/api-under-test.ts';
import { recorded } from './recorded.ts';

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly security?: unknown;
}

const KEY = 'exceptionless-test-key';
const api = new ApiUnderTest({
  tokens: [{ name: 'Shop', token: KEY, scopes: ['ingest', 'read'] }],
  receiver: (parts) => createExceptionlessReceiver({ ...parts, name: 'exceptionless' }),
});
let paths: Readonly<Record<string, { readonly get?: Operation; readonly post?: Operation }>>;
let description: Record<string, unknown>;
beforeAll(async () => {
  await api.start();
  const headers = { authorization: `Bearer ${KEY}` };
  const { body } = await api.send({ method: 'GET', url: '/api/v1/openapi.json', headers });
  description = body as unknown as Record<string, unknown>;
  paths = description['paths'] as typeof paths;
});
afterAll(() => api.stop());

it('the description is OpenAPI', async () => {
  expect(await new Validator().validate(structuredClone(description))).toMatchObject({ valid: true });
});

it('each route of the clients says what is read of a request, what is answered, and that it needs a token of its own', () => {
  const routes = {
    events: paths['/api/v2/events']?.post,
    beat: paths['/api/v2/events/session/heartbeat']?.get,
    settings: paths['/api/v2/projects/config']?.get,
    description: paths['/api/v2/events/by-ref/{reference}/user-description']?.post,
  };
  const answers = Object.entries(routes).map(([name, operation]) => [
    name,
    Object.keys(operation?.responses ?? {}),
  ]);
  expect(Object.fromEntries(answers)).toEqual({
    events: ['202', 'default'],
    beat: ['200', 'default'],
    settings: ['200', '304', 'default'],
    description: ['202', 'default'],
  });
  expect(routes.beat?.parameters?.map(({ name }) => name)).toEqual(['id', 'close']);
  expect(routes.settings?.parameters?.map(({ name }) => name)).toEqual(['v']);
  expect(JSON.stringify(routes.events?.requestBody)).toContain('@ref:session');
  expect(JSON.stringify(routes.description?.requestBody)).toContain('description');
  for (const operation of Object.values(routes)) expect(operation?.security).toEqual([{ bearer: [] }]);
});

it('what real clients send is as described', async () => {
  const cases = readdirSync(join(import.meta.dirname, '../../cases/exceptionless-clients'));
  const schema = paths['/api/v2/events']?.post?.requestBody?.content['application/json']?.schema ?? {};
  const posts = cases
    // It was made to be odd.
    .filter((name) => name.endsWith('.json') && !name.startsWith('node-odd-values'))
    .flatMap((name) => recorded(name.slice(0, -5)))
    .filter(({ method, path }) => method === 'POST' && path.endsWith('/events'));
  expect(posts.length).toBeGreaterThan(20);
  const checker = fastify({ ajv: { customOptions: { coerceTypes: false, removeAdditional: false } } });
  checker.post('/', async (request) => {
    const fits = request.compileValidationSchema(schema as Record<string, unknown>);
    return fits(request.body) ? [] : fits.errors;
  });
  for (const { body = {} } of posts) {
    const answer = await checker.inject({ method: 'POST', url: '/', payload: body as object });
    expect(answer.json()).toEqual([]);
  }
});

it('what is not as described is taken all the same', async () => {
  const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
  const payload = '[{"type":7,"value":"x","data":{"@user":{"identity":{}}}}]';
  expect(await api.send({ method: 'POST', url: '/api/v2/events', headers, payload })).toMatchObject({
    statusCode: 202,
    text: '',
  });
  const url = '/api/v2/events/session/heartbeat?id=a&id=b&close=x&close=false&y=1';
  expect(await api.send({ method: 'GET', url, headers })).toMatchObject({ statusCode: 200, text: '' });
});
