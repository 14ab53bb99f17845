import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import type { Asked } from './asked.ts';

/**
 * The client process of open pages: each follows the stream and asks again and again what a page in a browser asked, at the
 * same moments of the second. Any later message is answered with what came.
 */

export interface PageClientsPlan {
  readonly port: number;
  readonly clients: number;
  readonly stream: string;
  readonly asked: readonly Asked[];
  /** How long a page was watched, in ms: then it begins anew. A multiple of the longest step, so that moments still fit. */
  readonly everyMs: number;
  readonly stepMs: number;
}

export interface PageClientsReport {
  readonly requests: number;
  readonly failed: number;
  readonly open: number;
  readonly bytes: number;
}

process.once('disconnect', () => process.exit(0));
const [plan] = (await once(process, 'message')) as [PageClientsPlan];
const { port, clients, stream, asked, everyMs, stepMs } = plan;
const report = { requests: 0, failed: 0, open: 0, bytes: 0 };
const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
const startedAt = Date.now();

function ask(path: string, headers: Record<string, string>): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = get({ host: '127.0.0.1', port, path, headers, agent }, (response) => {
    response.on('data', (part: Buffer) => {
      report.bytes += part.length;
    });
    resolve(response);
  });
  request.on('error', reject);
  return promise;
}

async function repeat({ path, cacheControl }: Asked, shiftMs: number): Promise<void> {
  const moved = path.replaceAll(/=(\d{4}-\d\d-\d\dT[^&]*Z)/g, (_, time: string) => {
    return `=${new Date(Date.parse(decodeURIComponent(time)) + shiftMs).toISOString()}`;
  });
  report.requests += 1;
  const headers = cacheControl === null ? {} : { 'cache-control': cacheControl };
  const response = await ask(moved, headers).catch(() => null);
  if (response?.statusCode !== 200) report.failed += 1;
}

/** Points are asked for when a step is over, the rest at any time after it was asked for before. */
function beginAsking(client: number): void {
  const phaseMs = Math.floor((client / clients) * stepMs);
  for (const each of asked) {
    const isOfSteps = each.path.includes('/series');
    const first = Math.ceil((startedAt - each.at) / stepMs) * stepMs;
    const turn = (shiftMs: number): void => {
      const due = each.at + shiftMs + (isOfSteps ? 0 : phaseMs);
      setTimeout(() => {
        void repeat(each, shiftMs);
        turn(shiftMs + everyMs);
      }, due - Date.now());
    };
    turn(first);
  }
}

for (let client = 0; client < clients; client += 1) {
  const response = await ask(stream, { accept: 'text/event-stream' });
  if (response.statusCode !== 200) throw new Error(`${stream}: ${response.statusCode}`);
  report.open += 1;
  response.once('close', () => {
    report.open -= 1;
  });
  beginAsking(client);
}
const say = (): void => void process.send?.({ ...report } satisfies PageClientsReport);
process.on('message', say);
say();
