import type { FastifyReply } from 'fastify';
import type { Json } from '../../journal/read/answers.ts';
import { csvOf } from '../../journal/read/csv.ts';
import { csvAnswer, wantsCsv } from '../csv-answer.ts';
import { sendJson } from '../schemas.ts';

interface Page {
  readonly nextCursor?: string | null;
  readonly quality?: string | null;
  readonly total?: number | null;
  readonly partial?: boolean | undefined;
}

interface CsvParts {
  readonly items: readonly unknown[];
  readonly columns: readonly string[];
  readonly what: string;
  readonly now: number;
}

/** An answer that was put together here, as JSON, or its `items` as CSV. `now`: ms since 1970 UTC. */
export function sendPage<Answer extends Page>(
  request: Parameters<typeof wantsCsv>[0],
  reply: Pick<FastifyReply, 'header' | 'type'>,
  page: Answer,
  { items, columns, what, now }: CsvParts,
) {
  reply.header('vary', 'accept');
  if (page.partial === true) reply.header('headcount-partial', 'true');
  if (!wantsCsv(request)) return sendJson(reply, JSON.stringify(page) as Json<Answer>);
  const { nextCursor = null, quality = null, total = null } = page;
  const csv = {
    csv: csvOf(items, columns),
    nextCursor,
    quality,
    total: total === null ? null : String(total),
  };
  return csvAnswer(request, reply, JSON.stringify(csv) as Parameters<typeof csvAnswer>[2], what, now);
}
