import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiUnderTest } from './api-under-test.ts';

const api = new ApiUnderTest({ tokens: [{ name: 'a', token: 'reader-0123456789abcdef', scopes: ['read'] }] });
let html = '';
beforeAll(async () => {
  await api.start();
  html = (await api.get('/')).text;
});
afterAll(() => api.stop());

const addresses = (text: string) =>
  [...text.matchAll(/(?:href|src)="(page\/[^"]+)"/g)].map(([, path]) => path ?? '');

it('the page needs no token, allows only its own files, and names none from elsewhere', async () => {
  const { statusCode, headers, text } = await api.get('/');
  expect(statusCode).toBe(200);
  expect(headers['content-type']).toBe('text/html; charset=utf-8');
  expect(headers['content-security-policy']).toMatch(
    /^default-src 'none'; script-src 'self' 'sha256-\S+'; style-src 'self'; connect-src 'self'; /,
  );
  expect(headers['content-security-policy']).not.toContain('unsafe');
  expect(text).not.toMatch(/(?:href|src)="(?:\/|https?:)/);
});

it('its files are there, compressed for whoever takes that, and may be kept for ever', async () => {
  expect(addresses(html).length).toBeGreaterThan(7);
  for (const path of new Set(addresses(html))) {
    const { statusCode, headers, text } = await api.get(`/${path}`);
    expect(statusCode, path).toBe(200);
    expect(headers['cache-control']).toContain('immutable');
    const packed = await api.app.inject({ url: `/${path}`, headers: { 'accept-encoding': 'gzip, br' } });
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(packed.rawPayload).toString()).toBe(text);
  }
});

it('every module that its script imports is one of its files', async () => {
  const known = new Set(addresses(html));
  const mapped = JSON.parse(/<script type="importmap">(.*?)<\/script>/.exec(html)?.[1] ?? '{}') as {
    imports: Record<string, string>;
  };
  const script = [...known].find((path) => path.endsWith('/page.js')) ?? '';
  const { text } = await api.get(`/${script}`);
  const imported = [...text.matchAll(/^import [^;]*? from '([^']+)'/gm)].map(
    ([, specifier]) => specifier ?? '',
  );
  expect(imported.length).toBeGreaterThan(2);
  for (const specifier of imported) expect(known).toContain(mapped.imports[specifier]?.slice(2));
});

it('a file of another version of the page is not there', async () => {
  expect((await api.get('/page/0123456789abcdef/main.ts')).statusCode).toBe(404);
  const [path = ''] = addresses(html);
  expect((await api.get(`/${path.replace(/[^/]+$/, '..%2F..%2Fpackage.json')}`)).statusCode).toBe(404);
});

it('the page as sent, compressed, is below 100 kB', async () => {
  let bytes = 0;
  for (const path of new Set(addresses(html))) {
    bytes += (await api.app.inject({ url: `/${path}`, headers: { 'accept-encoding': 'gzip' } })).rawPayload
      .length;
  }
  process.stdout.write(`the page as sent: ${(bytes / 1000).toFixed(1)} kB compressed\n`);
  expect(bytes).toBeLessThan(100_000);
});

it('only who opens an address is asked for a password, not a page that asks by itself', async () => {
  const ask = (mode: string) =>
    api.send({ method: 'GET', url: '/api/v1/counts', headers: { 'sec-fetch-mode': mode } });
  expect(String((await ask('navigate')).headers['www-authenticate'])).toContain('Basic');
  expect(String((await ask('cors')).headers['www-authenticate'])).not.toContain('Basic');
});
