import type { FastifyInstance } from 'fastify';
import { countsView } from './counts-view.ts';
import { PAGE_POLICY, page } from './page.ts';
import type { ApiParts } from './parts.ts';
import { text } from './schemas.ts';

const description = {
  summary: 'A page for people',
  response: { 200: { description: 'the numbers right now', content: { 'text/html': { schema: text } } } },
};

export function registerPage(app: FastifyInstance, parts: ApiParts): void {
  app.get('/', { schema: description }, async (_request, reply) => {
    reply.header('content-security-policy', PAGE_POLICY).type('text/html; charset=utf-8');
    return page(countsView(parts.site, parts.appNames, parts.now()), parts.version);
  });
}
