import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { clientPost, itemsPost } from './client-events.ts';

/**
 * One client process that posts, 50 events each: told what, it answers with the milliseconds of each answer and how long all of
 * it took. Every answer must be 202.
 */

export interface PostPlan {
  readonly port: number;
  readonly path: string;
  readonly what: 'client' | 'items';
  /** Tells the users of one run from those of another. */
  readonly run: string;
  readonly posts: number;
  /** Evenly spread; null is as fast as answers come, with some posts under way. */
  readonly postsPerSecond: number | null;
}

export interface PostReport {
  readonly answersMs: readonly number[];
  readonly seconds: number;
}

const UNDER_WAY = 8;
const TICK_MS = 5;

// Whoever started this is gone.
process.once('disconnect', () => process.exit(1));
const [plan] = (await once(process, 'message')) as [PostPlan];
const bodyOf = plan.what === 'client' ? clientPost : itemsPost;
const agent = new Agent({ keepAlive: true, maxSockets: UNDER_WAY * 8 });
const answersMs: number[] = [];

async function post(n: number): Promise<void> {
  const body = bodyOf(plan.run, n);
  const { port, path } = plan;
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    authorization: 'Bearer a-client-key-0123456789',
  };
  const startedAt = performance.now();
  const asked = request({ host: '127.0.0.1', port, path, method: 'POST', agent, headers }).end(body);
  const [answer] = await once(asked, 'response');
  answer.resume();
  await once(answer, 'end');
  if (answer.statusCode !== 202) throw new Error(`a post was answered ${answer.statusCode}`);
  answersMs.push(performance.now() - startedAt);
}

const startedAt = performance.now();
let next = 0;
const inTurn = async (): Promise<void> => {
  while (next < plan.posts) await post(next++);
};
const evenly = async (rate: number): Promise<void> => {
  const all: Promise<void>[] = [];
  while (next < plan.posts) {
    const due = Math.min(plan.posts, ((performance.now() - startedAt) / 1_000) * rate);
    while (next < due) all.push(post(next++));
    await sleep(TICK_MS);
  }
  await Promise.all(all);
};
const { postsPerSecond } = plan;
await (postsPerSecond === null
  ? Promise.all(Array.from({ length: UNDER_WAY }, inTurn))
  : evenly(postsPerSecond));
process.send?.({ answersMs, seconds: (performance.now() - startedAt) / 1_000 } satisfies PostReport);
agent.destroy();
process.disconnect();
