/** A page of the API as CSV: its text, and the cursor of the page behind it. */
export interface CsvPage {
  readonly text: string;
  readonly next: string | null;
}

export interface CsvFile {
  readonly parts: readonly string[];
  readonly rows: number;
  /** Nothing was left out. */
  readonly isAll: boolean;
}

/**
 * All pages as one file with one line of names, until there are `most` rows. `said` hears how many rows there are so far.
 * @throws what `ask` throws
 */
export async function collectCsv(
  ask: (cursor: string | null) => Promise<CsvPage>,
  most: number,
  said: (rows: number) => void,
): Promise<CsvFile> {
  const parts: string[] = [];
  let rows = 0;
  let cursor: string | null = null;
  do {
    const page: CsvPage = await ask(cursor);
    const lines = csvLines(page.text);
    parts.push(...(parts.length === 0 ? lines : lines.slice(1)));
    rows += Math.max(0, lines.length - 1);
    said(rows);
    cursor = page.next;
  } while (cursor !== null && rows < most);
  return { parts, rows, isAll: cursor === null };
}

/** The lines of a CSV with their ends. A cell in quotes may hold ends of lines of its own. */
export function csvLines(text: string): string[] {
  return text.match(/(?:"[^"]*"|[^"\n])*\n|(?:"[^"]*"|[^"\n])+$/g) ?? [];
}

/** The cursor in a `Link` header that names the next page; null where there is none. */
export function nextCursorOf(link: string | null): string | null {
  const next = /<([^>]*)>\s*;\s*rel="next"/.exec(link ?? '')?.[1];
  return next === undefined ? null : new URL(next, 'http://localhost').searchParams.get('cursor');
}

/** What a `Content-Disposition` header calls the file. */
export function fileNameOf(disposition: string | null): string {
  return /filename="([^"]+)"/.exec(disposition ?? '')?.[1] ?? 'headcount-sessions.csv';
}
