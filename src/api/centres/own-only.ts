import type { FastifyInstance } from 'fastify';
import type { Centres } from '../../centres/centres.ts';
import { isOfCentre } from '../access/centre-questions.ts';

/** Answers that nothing adds up yet: they are of the partitions of this centre. */
const OWN_ONLY: ReadonlySet<string> = new Set([
  ...['/api/v1/apps', '/api/v1/applications', '/api/v1/peaks', '/api/v1/impact', '/api/v1/around'],
  ...['/api/v1/snapshots', '/api/v1/hosts'],
]);

/** Lets such answers say that they are not of all, where several centres share a stream: by `partial`, and by a header. */
export function sayWhatIsPartial(app: FastifyInstance, centres: Centres | null): void {
  if (centres === null) return;
  app.addHook('onSend', async (request, reply, payload) => {
    if (!OWN_ONLY.has(request.routeOptions.url ?? '') || reply.statusCode !== 200 || isOfCentre())
      return payload;
    reply.header('headcount-partial', 'true');
    const isObject = typeof payload === 'string' && payload.startsWith('{"');
    return isObject ? `{"partial":true,${payload.slice(1)}` : payload;
  });
}
