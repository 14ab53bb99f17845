import type { FastifyReply, FastifyRequest } from 'fastify';
import { networkOf } from '../../contract/host.ts';
import type { Asker } from '../../journal/read/reader-turns.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The name of the token that let it in; null where none was asked for. */
    tokenName: string | null;
  }
}

/** Who asks, for the turns of the reader. It has gone when its connection has closed. */
export function askerOf(
  { tokenName, ip }: Pick<FastifyRequest, 'tokenName' | 'ip'>,
  reply: { readonly raw: FastifyReply['raw'] },
): Asker {
  const gone = new AbortController();
  if (reply.raw.destroyed) gone.abort(new ClientGone());
  reply.raw.once('close', () => gone.abort(new ClientGone()));
  return { client: tokenName === null ? networkOf(ip) : `token ${tokenName}`, gone: gone.signal };
}

/** Nobody is there to read this. */
class ClientGone extends Error {
  readonly statusCode = 499;

  constructor() {
    super('the client has gone');
  }
}
