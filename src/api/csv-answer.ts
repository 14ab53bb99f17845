import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Schema } from './schemas.ts';

/** The query parameter that says so where an `Accept` header cannot be set. */
export const format = { type: 'string', enum: ['json', 'csv'], description: 'instead of Accept' } as const;

/** Whether a request is for CSV: `format` says so, or else `Accept` names it and likes JSON no better. */
export function wantsCsv(request: FastifyRequest<{ Querystring: { readonly format?: string } }>): boolean {
  const { format } = request.query;
  if (format !== undefined) return format === 'csv';
  const csv = liking(request.headers.accept, 'text/csv');
  return csv > 0 && csv >= liking(request.headers.accept, 'application/json');
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
export function columnsOf(item: Schema, prefix = ''): string[] {
  const inner = (item['items'] ?? item) as Schema;
  const properties = inner['properties'] as Readonly<Record<string, Schema>> | undefined;
  if (properties === undefined) return [prefix.slice(0, -1)];
  return Object.entries(properties).flatMap(([name, each]) => columnsOf(each, `${prefix}${name}.`));
}

/**
 * Sends a page that the reader answered as `{csv, nextCursor}`. Where there is more, `Link` has the request for it.
 * `now`: ms since 1970 UTC, for the name of the file.
 */
export function sendCsv(
  request: FastifyRequest,
  reply: FastifyReply,
  page: string,
  what: string,
  now: number,
): FastifyReply {
  const { csv, nextCursor } = JSON.parse(page) as { csv: string; nextCursor: string | null };
  if (nextCursor !== null) {
    const next = new URL(request.url, 'http://localhost');
    next.searchParams.set('cursor', nextCursor);
    reply.header('link', `<${next.pathname}${next.search}>; rel="next"`);
  }
  const at = new Date(now).toISOString().slice(0, 19).replaceAll(':', '');
  reply.header('content-disposition', `attachment; filename="headcount-${what}-${at}Z.csv"`);
  return reply.type('text/csv; charset=utf-8; header=present').send(csv);
}
