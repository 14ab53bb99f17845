export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Nothing answered; the message says where, and why. */
export class NoAnswerError extends Error {}

/** `fetch`, with the answer read whole or a NoAnswerError. */
export async function request(url: string | URL, init: RequestInit = {}): Promise<HttpAnswer> {
  const response = await fetch(url, init).catch((error: unknown) => {
    throw new NoAnswerError(`${url} does not answer: ${reasonOf(error)}`, { cause: error });
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** The header that shows a token; none where there is none. */
export function authorization(token: string | null): Readonly<Record<string, string>> {
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

/** `fetch` only says "fetch failed"; the reason is one level down. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  return cause.message || ('code' in cause ? String(cause.code) : cause.name);
}
