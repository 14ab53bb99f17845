import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { TooManyQuestions } from '../journal/read/reader-turns.ts';

/** An error that is the caller's to read; anything else that is thrown becomes a 500 without details. */
export class ApiError extends Error {
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

/** The form of every error. */
export const errorAnswer = z.object({ statusCode: z.int(), error: z.string(), message: z.string() });

export function errorBody(statusCode: number, message: string): z.output<typeof errorAnswer> {
  return { statusCode, error: STATUS_CODES[statusCode] ?? 'Error', message };
}

type Thrown = Pick<FastifyError, 'statusCode' | 'message' | 'code'>;

/** Answers what was thrown anywhere in a request. */
export function answerError(thrown: Thrown, request: FastifyRequest, reply: FastifyReply): void {
  const isTooMany = thrown instanceof TooManyQuestions;
  if (isTooMany) reply.header('retry-after', '1');
  const statusCode = isTooMany ? 429 : (thrown.statusCode ?? 500);
  if (statusCode >= 500) request.log.error({ error: thrown.message }, 'request failed');
  const message = statusCode >= 500 ? 'something failed in Headcount; its log says what' : wordsFor(thrown);
  secure(reply).code(statusCode).type('application/json; charset=utf-8').send(errorBody(statusCode, message));
}

function wordsFor(thrown: Thrown): string {
  switch (thrown.code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return 'the content type must be application/json or application/x-ndjson';
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return 'the body is too large: JSON may have 1 MiB; NDJSON, one event a line, 4 MiB';
    case 'FST_ERR_BAD_URL':
      return 'the path is not a valid URL';
    default:
      return thrown.message;
  }
}

/** What the schema compiler says is wrong with a query, in words for the caller. */
export function schemaProblem(
  errors: readonly {
    readonly keyword: string;
    readonly instancePath: string;
    readonly message?: string;
    readonly params: Readonly<Record<string, unknown>>;
  }[],
): Error {
  const [first] = errors;
  if (first === undefined) return new Error('the request is not valid');
  const { keyword, instancePath, params } = first;
  const name = instancePath.slice(1);
  if (keyword === 'additionalProperties') {
    const unknown = JSON.stringify(String(params['additionalProperty']).slice(0, 100));
    return new Error(`unknown query parameter ${unknown}`);
  }
  if (keyword === 'enum') {
    return new Error(`${name}: expected one of ${(params['allowedValues'] as string[]).join(', ')}`);
  }
  return new Error(`${name}: ${first.message ?? 'not valid'}`);
}

/** The 404 of a path that there is not. Thrown before a body is looked at. */
export function nothingAt(request: FastifyRequest): ApiError {
  const path = request.url.split('?', 1)[0] ?? '';
  return new ApiError(404, `nothing at ${request.method} ${path.slice(0, 200)}`);
}

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

/** Answers what Node could not read as a request, or not in time, in the form of every other error. */
export function answerBrokenRequest(error: { readonly code: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [statusCode, message] = WORDS[error.code] ?? [400, 'this is no HTTP request'];
  const body = JSON.stringify(errorBody(statusCode, message));
  const headers = {
    ...SECURITY_HEADERS,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}\r\n${lines.join('')}\r\n${body}`, () =>
    socket.destroy(),
  );
}

const WORDS: Readonly<Record<string, readonly [statusCode: number, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'the request took too long to come in'],
  HPE_HEADER_OVERFLOW: [431, 'the headers are too large'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'the chunk extensions are too large'],
};
