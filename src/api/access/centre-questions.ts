import { AsyncLocalStorage } from 'node:async_hooks';
import type { FastifyInstance } from 'fastify';
import type { CentreReply } from '../../contract/centres/centre.ts';

/** What a centre tells another one: nothing but reading, and of what the asker's own token lets its client read anyway. */
const MAY_BE_ASKED = /^\/api\/v1\/(?:counts|events|series|sessions(?:\/[A-Za-z0-9_-]{1,100})?)(?:\?|$)/;

/** No request of a client is ever handled in this context, whatever it says. */
const context = new AsyncLocalStorage<'centre'>();

/** Whether what is handled is the question of another centre: it needs no token, and is answered for our own partitions alone. */
export function isOfCentre(): boolean {
  return context.getStore() === 'centre';
}

/** Lets the API answer the question of another centre, or ours to ourselves, as it would a client that may read. */
export async function answerToCentre(app: FastifyInstance, path: string): Promise<CentreReply> {
  if (!MAY_BE_ASKED.test(path)) return { status: 404, body: '' };
  return context.run('centre', async () => {
    // It begins when it is waited for, which must be in here.
    const { statusCode, body } = await app.inject({ method: 'GET', url: path });
    return { status: statusCode, body };
  });
}
