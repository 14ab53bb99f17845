import { createParser } from 'eventsource-parser';
import { connectAsync, type IClientOptions } from 'mqtt';
import { authorization } from '../../simulator/http-request.ts';
import type { OurEvent } from './comparison.ts';

/** What is heard of one of both. */
export interface Listener<T> {
  heard(told: T): void;
  away(): void;
  /** It is heard again; what it told meanwhile is lost. */
  back(): void;
}

const AGAIN_MS = 1_000;
/** Counts come every three seconds. */
const SILENT_MS = 10_000;

/**
 * Listens to a topic until `signal` aborts. Resolves when it does so the first time.
 * @throws Error of one line where that fails
 */
export async function watchTopic(
  url: string,
  topic: string,
  options: IClientOptions,
  listener: Listener<string>,
  signal: AbortSignal,
): Promise<void> {
  const client = await connectAsync(
    url,
    { ...options, reconnectPeriod: AGAIN_MS, connectTimeout: SILENT_MS, keepalive: SILENT_MS / 1_000 },
    // The first time has to succeed.
    false,
  ).catch((error: Error) => {
    throw new Error(`${url}: ${error.message || (error as NodeJS.ErrnoException).code}`);
  });
  client.on('error', () => {});
  client.on('close', () => listener.away());
  client.on('connect', () => listener.back());
  client.on('message', (_topic, payload) => listener.heard(payload.toString()));
  signal.addEventListener('abort', () => client.end(true));
  await client.subscribeAsync(topic, { qos: 1 });
}

/**
 * Listens to the events of a Headcount until `signal` aborts. Resolves when it does so the first time.
 * @throws Error of one line where that fails
 */
export async function watchHeadcount(
  api: string,
  token: string | null,
  listener: Listener<OurEvent>,
  signal: AbortSignal,
): Promise<void> {
  const open = async (): Promise<AsyncIterable<Uint8Array>> => {
    const url = new URL('/api/v1/stream?events=1', api);
    const headers = { ...authorization(token), accept: 'text/event-stream' };
    const response = await fetch(url, { headers, signal }).catch((error: Error) => {
      throw new Error(`${api}: ${error.cause instanceof Error ? error.cause.message : error.message}`);
    });
    if (response.ok && response.body !== null) return response.body;
    throw new Error(`${api} answered ${response.status}: is it Headcount, and may the token read?`);
  };
  let stream: AsyncIterable<Uint8Array> | null = await open();
  const follow = async (): Promise<void> => {
    while (!signal.aborted) {
      if (stream !== null) {
        await read(stream, listener).catch(() => {});
        listener.away();
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      stream = await open().catch(() => null);
      if (stream !== null) listener.back();
    }
  };
  void follow();
}

/** Until it ends, or is silent for too long. */
async function read(stream: AsyncIterable<Uint8Array>, listener: Listener<OurEvent>): Promise<void> {
  const decoder = new TextDecoder();
  const parser = createParser({
    onEvent: ({ event, data }) => {
      if (event === 'event') listener.heard(JSON.parse(data) as OurEvent);
      // Nobody knows what was in it.
      else if (event === 'missed') listener.back();
    },
  });
  const chunks = stream[Symbol.asyncIterator]();
  for (;;) {
    const { promise: silence, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error('silent')), SILENT_MS);
    try {
      const { done, value } = await Promise.race([chunks.next(), silence]);
      if (done === true) return;
      parser.feed(decoder.decode(value, { stream: true }));
    } finally {
      clearTimeout(timer);
    }
  }
}
