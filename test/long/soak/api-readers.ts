import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, type Dispatcher, request } from 'undici';

export interface ReaderPace {
  /** Between two questions of one reader. */
  readonly pauseMs: number;
  /** Of each long list, newest first. */
  readonly mostPages: number;
}

/** Who asks while events come in: dashboards, a person who looks back, someone who exports, and open pages. */
export class ApiReaders {
  readonly #api: string;
  readonly #pace: ReaderPace;
  readonly #agent = new Agent({ bodyTimeout: 0 });
  readonly #ended = new AbortController();
  readonly #running: Promise<void>[] = [];
  answers = 0;
  /** Bytes of answers and of streams. */
  bytes = 0;
  /** Streams that are open right now. */
  streams = 0;
  readonly problems: string[] = [];

  constructor(api: string, pace: ReaderPace) {
    this.#api = api;
    this.#pace = pace;
  }

  /** `streams` clients of server-sent events, the first of every event; none where the program has no such route. */
  async start(streams: number): Promise<void> {
    const dashboard = ['/api/v1/counts', '/api/v1/ingest', '/metrics', '/readyz', '/'];
    const series = ['60s', '1h', '1d', '1w'].map((window) => `/api/v1/series?window=${window}`);
    this.#running.push(
      this.#again(() => this.#each(dashboard)),
      this.#again(() => this.#each(series)),
      this.#again(() => this.#pages('/api/v1/sessions?limit=1000')),
      this.#again(() => this.#pages(`/api/v1/sessions?limit=1000&at=${aWhileAgo()}`)),
      this.#again(() => this.#pages('/api/v1/sessions?limit=1000&format=csv')),
      this.#again(() => this.#pages('/api/v1/events?limit=1000&format=csv')),
    );
    const { statusCode, body } = await this.#get('/api/v1/stream');
    body.on('error', () => {}).destroy();
    if (statusCode === 404) return;
    for (let n = 0; n < streams; n += 1)
      this.#running.push(this.#again(() => this.#stream(n === 0 ? '?events=1' : '')));
  }

  /** Closes every connection. */
  async stop(): Promise<void> {
    this.#ended.abort();
    await Promise.all(this.#running);
    await this.#agent.destroy();
  }

  async #again(ask: () => Promise<void>): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      try {
        await ask();
        await sleep(this.#pace.pauseMs, null, { signal });
      } catch (error) {
        if (signal.aborted) return;
        this.problems.push(String(error));
        await sleep(1_000);
      }
    }
  }

  async #each(paths: readonly string[]): Promise<void> {
    for (const path of paths) await this.#read(path);
  }

  async #pages(path: string): Promise<void> {
    let next: string | null = path;
    for (let page = 0; page < this.#pace.mostPages && next !== null; page += 1) {
      const { headers, text }: Answer = await this.#read(next);
      const cursor = /[?&]cursor=(\d+)/.exec(String(headers['link'] ?? ''))?.[1] ?? cursorIn(text);
      next = cursor === undefined ? null : `${path}&cursor=${cursor}`;
    }
  }

  async #read(path: string): Promise<Answer> {
    const { statusCode, headers, body } = await this.#get(path);
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`${path}: ${statusCode} ${text.slice(0, 200)}`);
    this.answers += 1;
    this.bytes += text.length;
    return { headers, text };
  }

  async #stream(query: string): Promise<void> {
    const { statusCode, body } = await this.#get(`/api/v1/stream${query}`);
    if (statusCode !== 200) throw new Error(`stream: ${statusCode}`);
    this.streams += 1;
    try {
      for await (const chunk of body) this.bytes += (chunk as Buffer).length;
    } finally {
      this.streams -= 1;
    }
    throw new Error('a stream was ended');
  }

  #get(path: string): Promise<Dispatcher.ResponseData> {
    return request(this.#api + path, { dispatcher: this.#agent, signal: this.#ended.signal });
  }
}

interface Answer {
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly text: string;
}

function cursorIn(text: string): string | undefined {
  return /"nextCursor":"(\d+)"/.exec(text.slice(-60))?.[1];
}

function aWhileAgo(): string {
  return new Date(Date.now() - 30_000).toISOString();
}
