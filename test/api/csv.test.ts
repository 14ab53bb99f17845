import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csvOf } from '../../src/journal/read/csv.ts';
import { ApiUnderTest, SALES } from './api-under-test.ts';
import { eventsOf, someVisits } from './visits.ts';

const FORMULA = "=cmd|' /C calc'!A0";
const odd = { directory: '@LAB', id: 'a"b,c;d\r\nÅsa 👩‍💻' };
const posted = [
  ...eventsOf(someVisits(47)),
  { type: 'session_start', user: odd, host: 'qs9', virtualProxy: FORMULA, userAgent: null },
  { type: 'connection_open', user: odd, host: 'qs9', appId: SALES, message: '-1\tx', result: -5 },
  { type: 'connection_open', user: odd, host: 'qs9', appId: '+49', message: '\tx' },
  { type: 'session_start', user: null, host: 'qs9' },
];

const api = new ApiUnderTest();
beforeAll(async () => {
  await api.start();
  expect((await api.post(posted)).body).toMatchObject({ accepted: posted.length });
});
afterAll(() => api.stop());

const LISTS = ['/api/v1/sessions', '/api/v1/events'];
const csv = (url: string, accept = 'text/csv') =>
  api.send({ method: 'GET', url, headers: accept === '' ? {} : { accept } });

/** What a cell should be for a value of the JSON. */
function cell(value: unknown): string {
  const text = [value]
    .flat()
    .map((each) => String(each ?? ''))
    .join(';');
  let safe = '';
  for (const [place, character] of [...text].entries()) {
    const begins = place === 0 || ';\t\r\n'.includes([...text][place - 1] ?? '');
    if (begins && '=+-@\t\r'.includes(character)) safe += "'";
    const isSeen = character >= ' ' || '\t\r\n'.includes(character);
    safe += isSeen ? character : `\\u{${character.charCodeAt(0).toString(16)}}`;
  }
  return safe;
}

/** An item of the JSON with flattened names; of a list each name has all values. */
function flat(item: object, prefix = ''): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(item).flatMap(([name, value]): [string, unknown][] => {
      if (name === 'user') return Object.entries(flat(value ?? { directory: null, id: null }, 'user.'));
      if (name !== 'apps') return [[prefix + name, value]];
      const apps = value as { appId: unknown; appName: unknown }[];
      return (['appId', 'appName'] as const).map((key) => [`apps.${key}`, apps.map((app) => app[key])]);
    }),
  );
}

describe.each(LISTS)('%s', (path) => {
  it('as CSV says what it says as JSON, in the same order', async () => {
    const { items } = (await api.get(`${path}?limit=1000`)).body;
    const { statusCode, headers, text } = await csv(`${path}?limit=1000`);
    expect(statusCode).toBe(200);
    expect(headers['content-type']).toBe('text/csv; charset=utf-8; header=present');
    expect(headers['vary']).toBe('accept');
    const [names, ...rows] = parse(text) as string[][];
    expect(names).toEqual(Object.keys(flat(items[0] ?? {})));
    expect(rows).toEqual(items.map((item) => Object.values(flat(item)).map(cell)));
    expect(rows.length).toBeGreaterThan(48);
  });

  it('as CSV comes in pages, each naming the next one', async () => {
    const whole = (await csv(`${path}?host=qs1&limit=1000`)).text.split('\r\n').slice(1, -1);
    const rows: string[] = [];
    let next: string | undefined = `${path}?host=qs1&limit=5&format=csv`;
    while (next !== undefined) {
      const { headers, text } = await csv(next, '');
      rows.push(...text.split('\r\n').slice(1, -1));
      const link = headers['link'] as string | undefined;
      next = link === undefined ? undefined : /^<([^>]+)>; rel="next"$/.exec(link)?.[1];
    }
    expect(rows).toEqual(whole);
    expect(rows.length).toBeGreaterThan(5);
  });

  it('as CSV has only a header where there is nothing', async () => {
    const { text, headers } = await csv(`${path}?user=nobody`);
    expect(text.split('\r\n')).toEqual([expect.stringContaining('user.directory,user.id,'), '']);
    expect(headers['link']).toBeUndefined();
  });

  it('as CSV is a file with a name', async () => {
    const name = path.slice('/api/v1/'.length);
    const { headers } = await csv(path);
    const file = `headcount-${name}-2026-05-19T120000Z.csv`;
    expect(headers['content-disposition']).toBe(`attachment; filename="${file}"`);
    expect(headers['cache-control']).toBe('no-store');
  });

  it('keeps every filter in the link to the next page', async () => {
    const { headers } = await csv(`${path}?from=2026-05-19T10:00:00%2B02:00&host=qs1&limit=1&format=csv`);
    const from = 'from=2026-05-19T10%3A00%3A00%2B02%3A00';
    expect(headers['link']).toMatch(/^<[^>]+&cursor=\d+>; rel="next"$/);
    expect(headers['link']).toContain(`<${path}?${from}&host=qs1&limit=1&format=csv&cursor=`);
  });

  it('is wrong in JSON whatever was asked for', async () => {
    const { statusCode, headers } = await csv(`${path}?limit=0`);
    expect([statusCode, headers['content-type']]).toEqual([400, 'application/json; charset=utf-8']);
    expect((await csv(`${path}?format=xml`)).body.message).toBe('format: expected one of json, csv');
  });
});

it.each([
  ['', '', 'application/json'],
  ['', '*/*', 'application/json'],
  ['', 'text/html,application/xhtml+xml,*/*;q=0.8', 'application/json'],
  ['', 'text/csv', 'text/csv'],
  ['', 'Text/CSV; header=present', 'text/csv'],
  ['', 'application/json;q=0.5, text/csv', 'text/csv'],
  ['', 'application/json, text/csv;q=0.5', 'application/json'],
  ['', 'application/json, text/csv', 'text/csv'],
  ['', 'text/csv;q=0', 'application/json'],
  ['?format=json', 'text/csv', 'application/json'],
  ['?format=csv', 'application/json', 'text/csv'],
])('%j with Accept: %j is %s', async (query, accept, expected) => {
  const { headers } = await csv(`/api/v1/sessions${query}`, accept);
  expect(headers['content-type']).toMatch(new RegExp(`^${expected}; charset=utf-8`));
});

it('no cell holds a formula for a program that separates cells by semicolons, nor what colours a terminal', () => {
  const csv = csvOf([{ a: 'x;=HYPERLINK("http://evil")', b: 'qs\u001b[31m1' }], ['a', 'b']);
  expect(parse(csv)[1]).toEqual([`x;'=HYPERLINK("http://evil")`, 'qs\\u{1b}[31m1']);
});

it('no cell is a formula, and every other one comes back as it was', () => {
  const piece = fc.constantFrom(...'=+-@\t\r\n",;\'ax', '\r\n', '👩‍💻', '\u0000', '\u001b', '\ufeff', ' ');
  const text = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(fc.array(fc.record({ a: text, b: text }), { minLength: 1 }), (items) => {
      const [names, ...rows] = parse(csvOf(items, ['a', 'b'])) as string[][];
      expect(names).toEqual(['a', 'b']);
      expect(rows).toEqual(items.map(({ a, b }) => [cell(a), cell(b)]));
      for (const each of rows.flat()) expect(each).not.toMatch(/(?:^|[;\t\r\n])[=+\-@\t\r]/);
    }),
  );
});
