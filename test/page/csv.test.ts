import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CsvPage, collectCsv, csvLines, fileNameOf, nextCursorOf } from '../../src/page/sessions/csv.ts';

const row = fc.record({
  user: fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', '😀') }),
  host: fc.string(),
});

function pagesOf(rows: readonly unknown[], size: number): (cursor: string | null) => Promise<CsvPage> {
  return async (cursor) => {
    const from = Number(cursor ?? 0);
    const columns = ['user', 'host'];
    const text = stringify(rows.slice(from, from + size), { header: true, columns });
    return { text, next: from + size < rows.length ? String(from + size) : null };
  };
}

describe('a download', () => {
  it('is all pages with one line of names, whatever is in them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row), fc.integer({ min: 1, max: 7 }), async (rows, size) => {
        const file = await collectCsv(pagesOf(rows, size), 1000, () => {});
        expect(parse(file.parts.join(''), { columns: true })).toEqual(rows);
        expect(file).toMatchObject({ rows: rows.length, isAll: true });
      }),
    );
  });

  it('ends when it has enough, says that there is more, and says how far it is', async () => {
    const rows = Array.from({ length: 50 }, (_, place) => ({ user: `user${place}`, host: 'node1' }));
    const said: number[] = [];
    const file = await collectCsv(pagesOf(rows, 10), 20, (count) => said.push(count));
    expect(file).toMatchObject({ rows: 20, isAll: false });
    expect(said).toEqual([10, 20]);
  });

  it('fails as a page of it does', async () => {
    await expect(
      collectCsv(
        () => Promise.reject(new Error('gone')),
        10,
        () => {},
      ),
    ).rejects.toThrow('gone');
  });
});

it('a line of CSV ends where its last cell does', () => {
  expect(csvLines('a,b\n"x\ny",""""\nlast,1')).toEqual(['a,b\n', '"x\ny",""""\n', 'last,1']);
  expect(csvLines('')).toEqual([]);
});

it('the next page is the one that the Link header names', () => {
  const link = '</api/v1/sessions?format=csv&limit=3&cursor=5.WyJ1c2VyIl0>; rel="next"';
  expect(nextCursorOf(link)).toBe('5.WyJ1c2VyIl0');
  expect(nextCursorOf(null)).toBeNull();
});

it('the file is called what the server calls it', () => {
  const disposition = 'attachment; filename="headcount-sessions-2026-11-28T033158Z.csv"';
  expect(fileNameOf(disposition)).toBe('headcount-sessions-2026-11-28T033158Z.csv');
  expect(fileNameOf(null)).toBe('headcount-sessions.csv');
});
