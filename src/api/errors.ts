import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { secure } from './security-headers.ts';

/** An error that is the caller's to read; anything else that is thrown becomes a 500 without details. */
export class ApiError extends Error {
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

/** The form of every error. */
export interface ErrorBody {
  readonly statusCode: number;
  readonly error: string;
  readonly message: string;
}

export function errorBody(statusCode: number, message: string): ErrorBody {
  return { statusCode, error: STATUS_CODES[statusCode] ?? 'Error', message };
}

type Thrown = Pick<FastifyError, 'statusCode' | 'message' | 'code'>;

/** Answers what was thrown anywhere in a request. */
export function answerError(thrown: Thrown, request: FastifyRequest, reply: FastifyReply): void {
  const statusCode = thrown.statusCode ?? 500;
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

/** The 404 of a path that there is not. Thrown before a body is looked at. */
export function nothingAt(request: FastifyRequest): ApiError {
  const path = request.url.split('?', 1)[0] ?? '';
  return new ApiError(404, `nothing at ${request.method} ${path.slice(0, 200)}`);
}
