import type { FastifyReply } from 'fastify';

export const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  // Answers say who is on: no cache may keep them.
  'cache-control': 'no-store',
} as const;

/** Sets the headers that every answer has. A page that needs more sets its own policy after it. */
export function secure(reply: FastifyReply): FastifyReply {
  return reply.headers(SECURITY_HEADERS);
}
