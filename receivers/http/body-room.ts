import { Transform } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { networkOf } from '../../src/contract/host.ts';
import { BodyError } from './body.ts';

const MIB = 1_048_576;
/** Bytes of all requests that are on their way or being worked off; JSON needs several times as much memory. */
const MOST_BYTES = 64 * MIB;
/** So that uploads of one address that never finish leave room for others. */
const MOST_BYTES_OF_NETWORK = 16 * MIB;
/** Nothing of theirs is read but the head. */
const BODILESS: ReadonlySet<string> = new Set(['GET', 'OPTIONS']);

/** Refuses bodies of which more bytes are on their way than there is room for. Counts what has really come. */
export function limitBodies(scope: FastifyInstance): void {
  let held = 0;
  const ofNetwork = new Map<string, number>();
  const add = (network: string, bytes: number): number => {
    held += bytes;
    const sum = (ofNetwork.get(network) ?? 0) + bytes;
    if (sum > 0) ofNetwork.set(network, sum);
    else ofNetwork.delete(network);
    return sum;
  };
  scope.addHook('preParsing', async (request, reply, payload) => {
    // A heartbeat has none, and there are many.
    if (BODILESS.has(request.method)) return payload;
    const network = networkOf(request.ip);
    let bytes = 0;
    let isOver = false;
    reply.raw.once('close', () => {
      add(network, -bytes);
      isOver = true;
    });
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        if (isOver) return done(null, chunk);
        bytes += chunk.length;
        if (add(network, chunk.length) <= MOST_BYTES_OF_NETWORK && held <= MOST_BYTES)
          return done(null, chunk);
        reply.header('retry-after', '1').header('connection', 'close');
        done(new BodyError(429, 'too many bodies are on their way; come again when some have been taken'));
      },
    });
    payload.on('error', (error) => counted.destroy(error));
    return payload.pipe(counted);
  });
}
