import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiUnderTest, Reply } from '../../api/api-under-test.ts';

const CASES = join(import.meta.dirname, '../../cases/exceptionless-clients');

/** A request as a real client sent it. `atMs`: after the client was started. */
export interface Recorded {
  readonly atMs: number;
  readonly method: 'GET' | 'POST' | 'OPTIONS';
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: readonly { readonly date: string }[] | object;
}

export function recorded(name: string): readonly Recorded[] {
  const { requests } = JSON.parse(readFileSync(join(CASES, `${name}.json`), 'utf8')) as {
    readonly requests: readonly Recorded[];
  };
  return requests;
}

/** When the client was started: nothing can have been posted before it happened. */
function begin(requests: readonly Recorded[]): number {
  const starts = requests.flatMap(({ body, atMs }) =>
    Array.isArray(body) ? body.map(({ date }) => Date.parse(date) - atMs) : [],
  );
  return Math.max(...starts);
}

/** Sends what was recorded at the times at which it came, and says what was answered. */
export async function replay(
  api: ApiUnderTest,
  requests: readonly Recorded[],
  from = begin(requests),
): Promise<Reply[]> {
  const replies: Reply[] = [];
  api.now = Math.max(api.now, from);
  for (const request of requests) {
    for (const at = from + request.atMs; api.now < at; ) {
      api.now = Math.min(at, api.now + 1_000);
      api.site.tick(api.now);
    }
    replies.push(await send(api, request));
  }
  api.site.tick(api.now);
  return replies;
}

export function send(api: ApiUnderTest, { method, path, query, headers, body }: Recorded): Promise<Reply> {
  const url = query === '' ? path : `${path}?${query}`;
  return api.send({ method, url, headers, ...(body === undefined ? {} : { payload: JSON.stringify(body) }) });
}
