import { STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';

/** Rejects, with the message `late`, where `promise` takes longer than `ms`. */
export async function within<T>(ms: number, promise: Promise<T>, late = `not within ${ms} ms`): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    // Nobody is left to be answered where this alone would keep the program running.
    timer = setTimeout(() => reject(new Error(late)), ms).unref();
  });
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/** The same may be sent again, soon. */
export function unavailable(reply: FastifyReply, message: string, afterSeconds = 1): FastifyReply {
  reply.header('retry-after', String(afterSeconds));
  return fail(reply, 503, message);
}

/** `more`: fields beside those that every error has. */
export function fail(
  reply: FastifyReply,
  statusCode: number,
  message: string,
  more: object = {},
): FastifyReply {
  return reply.code(statusCode).send({ statusCode, error: STATUS_CODES[statusCode], message, ...more });
}
