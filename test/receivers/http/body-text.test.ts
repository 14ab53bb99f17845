import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiUnderTest } from '../../api/api-under-test.ts';

const CASES = join(import.meta.dirname, '../../cases');
const LATIN = readFileSync(join(CASES, 'http-not-utf8/input.json'));
const GZIP = readFileSync(join(CASES, 'http-gzip/input.json.gz'));
const JSON_TYPE = 'application/json';
const LINES_TYPE = 'application/x-ndjson';
const START = { type: 'session_start', user: { directory: 'LAB', id: 'J\u00fcrgen' }, host: 'node1' };
const MIB = 1_048_576;

let api: ApiUnderTest;
beforeEach(async () => {
  api = await new ApiUnderTest({ blacklist: [{ directory: 'LAB', userId: 'J\u00f6rgen' }] }).start();
});
afterEach(() => api.stop());

async function post(payload: Buffer | string, contentType: string, encoding?: string) {
  const headers = {
    'content-type': contentType,
    ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
  };
  const reply = await api.app.inject({ method: 'POST', url: '/api/v1/events', headers, payload });
  return { statusCode: reply.statusCode, body: reply.json() as Record<string, unknown> };
}

async function users(): Promise<unknown> {
  const { body } = await api.get('/api/v1/sessions');
  return body.items.map(({ user }) => user?.id);
}

describe('a body that is not UTF-8', () => {
  it.each([JSON_TYPE, LINES_TYPE, 'application/json; charset=utf-8'])(
    'is refused in words as %s',
    async (type) => {
      const { statusCode, body } = await post(LATIN, type);
      expect(statusCode).toBe(400);
      expect(body['message']).toMatch(
        /^the body is not UTF-8: send UTF-8, or say what it is, such as .*charset=/,
      );
      expect(await users()).toEqual([]);
    },
  );

  it.each([
    'application/json; charset=iso-8859-1',
    'application/json;charset="windows-1252"',
    'application/json; CHARSET=latin1',
  ])('is read as %s says, and rules hold for the names in it', async (type) => {
    const { statusCode, body } = await post(LATIN, type);
    expect(statusCode).toBe(202);
    expect(body).toMatchObject({ accepted: 1, excluded: 1 });
    expect(await users()).toEqual(['J\u00fcrgen']);
  });

  it('is refused where it is not what its charset says, or nobody knows that charset', async () => {
    const broken = await post(Buffer.from('"\x82"', 'latin1'), 'application/json; charset=shift_jis');
    expect([broken.statusCode, broken.body['message']]).toEqual([400, 'the body is not shift_jis']);
    const unknown = await post('[]', 'application/json; charset=klingon');
    expect([unknown.statusCode, unknown.body['message']]).toEqual([
      415,
      'charset "klingon" is not known here',
    ]);
  });

  it.each(['utf8', 'utf16le'] as const)(
    'but has a byte order mark is read as that says: %s',
    async (encoding) => {
      for (const type of [JSON_TYPE, LINES_TYPE, 'application/json; charset=iso-8859-1']) {
        const reply = await post(Buffer.from(`\ufeff${JSON.stringify(START)}`, encoding), type);
        expect(reply).toMatchObject({ statusCode: 202, body: { accepted: 1 } });
      }
      expect(new Set((await users()) as string[])).toEqual(new Set(['J\u00fcrgen']));
      const swapped = Buffer.from(`\ufeff${JSON.stringify(START)}`, 'utf16le').swap16();
      expect(await post(swapped, JSON_TYPE)).toMatchObject({ statusCode: 202 });
    },
  );
});

describe('a compressed body', () => {
  it('is taken as Fluent Bit sends it', async () => {
    expect(await post(GZIP, JSON_TYPE, 'gzip')).toMatchObject({ statusCode: 202, body: { accepted: 1 } });
    expect(await users()).toEqual(['anna']);
  });

  it.each([
    ['gzip', gzipSync],
    ['X-GZip', gzipSync],
    ['br', brotliCompressSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['identity', (bytes: Buffer) => bytes],
  ] as const)('is read: %s', async (encoding, compress) => {
    const text = Buffer.from(`${JSON.stringify(START)}\n`);
    for (const type of [JSON_TYPE, LINES_TYPE]) {
      const reply = await post(compress(text), type, encoding);
      expect(reply).toMatchObject({ statusCode: 202, body: { accepted: 1 } });
    }
    const latin = compress(Buffer.from(JSON.stringify(START), 'latin1'));
    expect(await post(latin, JSON_TYPE, encoding)).toMatchObject({ statusCode: 400 });
    expect(await post(latin, 'application/json; charset=latin1', encoding)).toMatchObject({
      statusCode: 202,
    });
  });

  it.each([
    [JSON_TYPE, MIB],
    [LINES_TYPE, 4 * MIB],
  ])('of %s may have %i bytes when decompressed, and not one more', async (type, most) => {
    for (const [encoding, compress] of [
      ['gzip', gzipSync],
      ['br', brotliCompressSync],
      ['deflate', deflateSync],
    ] as const) {
      const fits = compress(Buffer.alloc(most, ' '));
      expect(fits.length).toBeLessThan(10_000);
      expect((await post(fits, type, encoding)).statusCode).not.toBe(413);
      const { statusCode, body } = await post(compress(Buffer.alloc(most + 1, ' ')), type, encoding);
      expect([statusCode, body['message']]).toEqual([413, `more than ${most} bytes when decompressed`]);
    }
  });

  it('is refused in words where it is broken, or compressed in a way that is not read here', async () => {
    const broken = await post(GZIP.subarray(0, 40), JSON_TYPE, 'gzip');
    expect([broken.statusCode, broken.body['message']]).toEqual([
      400,
      'the body is no gzip: unexpected end of file',
    ]);
    for (const encoding of ['zstd', 'compress', 'gzip, gzip']) {
      const { statusCode, body } = await post(GZIP, JSON_TYPE, encoding);
      expect(statusCode).toBe(415);
      expect(body['message']).toBe(
        `content-encoding "${encoding}" is not read here: gzip, br and deflate are`,
      );
    }
  });
});
