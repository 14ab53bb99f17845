import { connect } from 'node:net';
import fc from 'fast-check';

const PATHS = [
  '/',
  '/healthz',
  '/readyz',
  '/metrics',
  ...['counts', 'series', 'sessions', 'sessions/1', 'events', 'ingest', 'stream', 'openapi.json'].map(
    (name) => `/api/v1/${name}`,
  ),
  ...['events', 'events/session/heartbeat', 'projects/config', 'events/by-ref/x/user-description'].map(
    (name) => `/api/v2/${name}`,
  ),
];
const PARAMETERS = [
  ...['active', 'user', 'host', 'virtualProxy', 'app', 'from', 'to', 'at', 'limit', 'cursor', 'format'],
  ...['sort', 'order', 'search', 'state', 'class', 'doubtful'],
  ...['kind', 'window', 'events', 'id', 'close', '__proto__', 'constructor', 'x'],
];
const HEADERS = [
  ...['accept', 'accept-encoding', 'authorization', 'content-encoding', 'content-length', 'content-type'],
  ...['cookie', 'expect', 'host', 'if-match', 'if-none-match', 'last-event-id', 'origin', 'range'],
  ...['transfer-encoding', 'upgrade', 'x-forwarded-for', '__proto__'],
];
const VALUES = [
  ...[
    '',
    '0',
    '-1',
    '1',
    '1000',
    '1001',
    '1e3',
    '999999999999999',
    '1000000000000000',
    'NaN',
    'null',
    'true',
  ],
  ...['2026-11-21T10:14:00Z', '+275760-09-13T00:00:00Z', '0000-00-00T00:00:00Z', '9999-12-31T23:59:60Z'],
  ...[
    '-271821-04-20T00:00:00Z',
    '60s',
    '1h',
    'csv',
    'json',
    'text/csv',
    'text/event-stream',
    'LAB\\anna',
    '\\',
  ],
  ...['*', '%', '%00', '%ff', '%F0%9F%98%80', "' OR 1=1 --", '../../etc/passwd', '[]', 'a[b]=c', '__proto__'],
  ...[
    'gzip',
    'chunked',
    'identity',
    '100-continue',
    'Bearer x',
    'Basic eDp5',
    'bytes=0-1',
    'W/"x"',
    'websocket',
  ],
  ...['application/json', 'application/x-ndjson', 'application/json; charset=utf-16', 'multipart/form-data'],
];
const FIELDS = [
  ...[
    'type',
    'user',
    'host',
    'at',
    'id',
    'sessionId',
    'virtualProxy',
    'appId',
    'origin',
    'context',
    'userAgent',
  ],
  ...['directory', 'result', 'message', 'reason', '__proto__', 'x'],
];
const TYPES = ['session_start', 'session_stop', 'connection_open', 'connection_close', 'heartbeat', 'x'];

const value = () =>
  fc.oneof(
    { arbitrary: fc.constantFrom(...VALUES), weight: 8 },
    { arbitrary: fc.string(), weight: 1 },
    // Anything that no request may have inside is left to the server to refuse.
    { arbitrary: fc.string({ unit: 'binary' }), weight: 1 },
  );
const coded = value().map((text) => encodeURIComponent(text.toWellFormed()));

/** Good by itself, though not for every route. */
const goodPair = fc.constantFrom(
  ...['limit=1', 'limit=1000', 'active=true', 'format=csv', 'format=json', 'user=LAB%5Canna', 'host=node1'],
  ...[
    'at=2026-11-21T10:14:00Z',
    'from=2026-11-21T10:14:00%2B02:00',
    'cursor=1',
    'sort=user',
    'order=asc',
    'search=a%5C',
    'state=connected',
    'window=1h',
    'kind=session_start',
  ],
);
const pair = fc
  .tuple(fc.constantFrom(...PARAMETERS), fc.oneof(coded, value()))
  .map((parts) => parts.join('='));
const pairs = (of: fc.Arbitrary<string>, maxLength: number) =>
  fc.array(of, { maxLength }).map((list) => (list.length === 0 ? '' : `?${list.join('&')}`));

const readPath = fc.oneof(
  { arbitrary: fc.constantFrom(...PATHS), weight: 5 },
  { arbitrary: coded.map((id) => `/api/v1/sessions/${id}`), weight: 1 },
);
const anyPath = fc.oneof(readPath, value());

const goodItem = fc.record({
  type: fc.constantFrom(...TYPES),
  user: fc.record({ directory: fc.constant('LAB'), id: value() }),
  id: fc.uuid(),
});
const oddItem = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.dictionary(fc.constantFrom(...FIELDS), fc.oneof(value(), fc.jsonValue({ maxDepth: 1 }))),
);
const items = fc.array(fc.oneof(goodItem, oddItem), { maxLength: 5 });
const json = items.map((list) => JSON.stringify(list));
const lines = items.map((list) => list.map((each) => JSON.stringify(each)).join('\n'));
const body = fc.oneof(json, lines, fc.string({ unit: 'binary', maxLength: 200 }), fc.constant(''));
const type = fc.constantFrom('application/json', 'application/x-ndjson', 'text/plain');
const header = fc.tuple(fc.constantFrom(...HEADERS), value()).map((parts) => parts.join(': '));

interface Parts {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: readonly string[];
  readonly body: string;
}

function textOf({ method, path, query, headers, body: sent }: Parts): string {
  const first = `${method} ${path}${query} HTTP/1.1`;
  return `${[first, 'host: 127.0.0.1', 'connection: close', ...headers].join('\r\n')}\r\n\r\n${sent}`;
}

const reading = fc.record({
  method: fc.constantFrom('GET', 'HEAD'),
  path: readPath,
  query: fc.oneof(pairs(goodPair, 2), pairs(fc.oneof(goodPair, pair), 3)),
  headers: fc.array(header, { maxLength: 1 }),
  body: fc.constant(''),
});
const posting = fc.tuple(fc.oneof(json, lines, body), type).map(([sent, contentType]) => ({
  method: 'POST',
  path: '/api/v1/events',
  query: '',
  headers: [`content-type: ${contentType}`, `content-length: ${Buffer.byteLength(sent)}`],
  body: sent,
}));
/** Mostly no HTTP at all, or a length that is not that of the body. */
const anything = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'CONNECT', 'X'),
  path: anyPath,
  query: pairs(pair, 4),
  headers: fc.array(header, { maxLength: 4 }),
  body,
});
const whole = fc.oneof(reading, posting).map((parts) => ({ text: textOf(parts), isWhole: true }));
const odd = anything.map((parts) => ({ text: textOf(parts), isWhole: false }));
const request = fc.oneof({ arbitrary: whole, weight: 2 }, { arbitrary: odd, weight: 1 });

/**
 * Sends so many random requests, each on a connection of its own, and counts in `statuses` what they are answered with.
 * Returns those with an answer that is a fault of the server (5xx) or with none in time; a connection closed without a
 * word (0) is an answer to what is no HTTP.
 */
export async function fuzzApi(
  port: number,
  runs: number,
  seed: number,
  statuses: Map<number, number>,
): Promise<string[]> {
  const problems: string[] = [];
  for (const { text, isWhole } of fc.sample(request, { numRuns: runs, seed })) {
    const status = await statusOf(port, text, isWhole);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status >= 500) problems.push(`${status} to ${JSON.stringify(text.slice(0, 2_000))}`);
  }
  return problems;
}

const ANSWER_WITHIN_MS = 10_000;

/** The status of the answer, 0 where the connection is closed without one, 599 where nothing happens. */
function statusOf(port: number, text: string, isWhole: boolean): Promise<number> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    const done = (status: number) => {
      resolve(status);
      socket.destroy();
    };
    socket.setTimeout(ANSWER_WITHIN_MS, () => done(599));
    socket.on('error', () => {});
    socket.on('close', () => done(0));
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      // What is not final says only that the body may come.
      const status = /^(?:HTTP\/1\.1 1.. [\s\S]*?\r\n\r\n)*HTTP\/1\.1 ([2-9]\d\d) /.exec(answer)?.[1];
      if (status !== undefined) done(Number(status));
    });
    // Of what may be less than was announced, the end says so at once.
    if (isWhole) socket.write(text);
    else socket.end(text);
  });
}
