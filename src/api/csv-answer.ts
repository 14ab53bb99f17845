import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { AnswerOf, CsvPage, Json } from '../journal/read/answers.ts';
import { jsonSchema, type Schema, TEXT } from './schemas.ts';

/** The query parameter that says so where an `Accept` header cannot be set. */
export const format = z.enum(['json', 'csv']).optional().describe('instead of Accept');

/** A request for a page, as far as it matters here. */
interface Asked {
  readonly url: string;
  readonly query: { readonly format?: z.output<typeof format> };
  readonly headers: { readonly accept?: string | undefined };
}

/** Text of a page as CSV. */
type Csv = string & { readonly [PAGE]: true };
declare const PAGE: unique symbol;

/** The answer of a route whose page may be had as CSV. */
export function pageAnswer<Page extends z.ZodType>(page: Page, description: string) {
  return csvOrJson(page, `${description}; as CSV, a Link header has the next page`);
}

/** The answer of a route that may be had as CSV and has no further page. */
export function csvOrJson<Answer extends z.ZodType>(schema: Answer, description: string) {
  const content: {
    'application/json': { schema: Schema<AnswerOf<Answer>> };
    'text/csv': { schema: Schema<Csv> };
  } = { 'application/json': { schema: jsonSchema(schema) }, 'text/csv': { schema: TEXT as Schema<Csv> } };
  return { description, content };
}

/** Whether a request is for CSV: `format` says so, or else `Accept` names it and likes JSON no better. */
export function wantsCsv({ query, headers }: Asked): boolean {
  const { format } = query;
  if (format !== undefined) return format === 'csv';
  const csv = liking(headers.accept, 'text/csv');
  return csv > 0 && csv >= liking(headers.accept, 'application/json');
}

/** The quality with which an `Accept` names a type itself; 0 where it does not. */
function liking(accept = '', type: string): number {
  for (const range of accept.split(',')) {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    if (name !== type) continue;
    const quality = parameters.find((parameter) => parameter.startsWith('q='));
    return quality === undefined ? 1 : Number(quality.slice(2)) || 0;
  }
  return 0;
}

/** The columns of an item's CSV, flattened from its schema: `user.id`. */
export function columnsOf(item: z.ZodType): string[] {
  return flattened(jsonSchema(item), '');
}

function flattened(schema: Schema, prefix: string): string[] {
  const inner = (schema['items'] ?? schema) as Schema;
  const properties = inner['properties'] as Readonly<Record<string, Schema>> | undefined;
  if (properties === undefined) return [prefix.slice(0, -1)];
  return Object.entries(properties).flatMap(([name, each]) => flattened(each, `${prefix}${name}.`));
}

/**
 * What to send for a page that the reader answered as CSV. Where there is more, `Link` has the request for it.
 * `now`: ms since 1970 UTC, for the name of the file.
 */
export function csvAnswer(
  { url }: Asked,
  reply: Pick<FastifyReply, 'header' | 'type'>,
  page: Json<CsvPage>,
  what: string,
  now: number,
): Csv {
  const { csv, nextCursor, quality = null, total = null } = JSON.parse(page) as CsvPage;
  if (quality !== null) reply.header('headcount-quality', quality);
  if (total !== null) reply.header('headcount-total', total);
  if (nextCursor !== null) {
    const next = new URL(url, 'http://localhost');
    next.searchParams.set('cursor', nextCursor);
    reply.header('link', `<${next.pathname}${next.search}>; rel="next"`);
  }
  const at = new Date(now).toISOString().slice(0, 19).replaceAll(':', '');
  reply.header('content-disposition', `attachment; filename="headcount-${what}-${at}Z.csv"`);
  reply.type('text/csv; charset=utf-8; header=present');
  return csv as Csv;
}
