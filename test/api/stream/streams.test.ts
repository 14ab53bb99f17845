import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CountsAnswer } from '../../../src/api/counts/current-counts.ts';
import { type StreamParts, Streams } from '../../../src/api/stream/streams.ts';
import type { StreamTiming } from '../../../src/api/stream/timing.ts';
import type { Followed, Following } from '../../../src/journal/read/queries.ts';
import { until } from '../../program/program.ts';
import { StreamClient } from './stream-client.ts';

const NO_FILTERS = {
  ...{ user: null, host: null, virtualProxy: null, app: null, from: null, to: null, kind: null },
  ...{ limit: 1, cursor: null },
};
const WHOLE = { host: null, virtualProxy: null, app: null };
/** Ticks come at once: what is waited for is how many there were. */
const QUICK: StreamTiming = { lookEveryMs: 1, countsEveryMs: 2, aliveEvery: 15, retryMs: 1 };
const NEVER_MS = 3_600_000;

let server: Server;
let streams: Streams;
/** The server's side of each client. */
let responses: ServerResponse[];
/** What went wrong with one of them. */
let troubles: Error[];
let seq: number;
let tag: string;
let asked: number;
/** Characters of each answer of counts. */
let countsSize: number;
let follow: (question: Following) => Promise<Followed>;
let mayStay: boolean;
let countsOfPart: () => Promise<CountsAnswer>;
const clients: (StreamClient | Socket)[] = [];

const told = ({ after, upTo }: Following): Followed => ({
  text: Array.from(
    { length: upTo - after },
    (_, n) => `event: event\ndata: {"seq":${after + 1 + n}}\n\n`,
  ).join(''),
  position: upTo,
  events: upTo - after,
});

beforeEach(async () => {
  responses = [];
  troubles = [];
  seq = 0;
  tag = 'first';
  asked = 0;
  follow = async (question) => told(question);
  mayStay = true;
  server = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    response.on('error', (error) => troubles.push(error));
    responses.push(response);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://test');
    const filters = pathname === '/events' ? NO_FILTERS : null;
    const most = searchParams.has('most') ? Number(searchParams.get('most')) : null;
    const part = pathname === '/part' ? { ...WHOLE, host: 'qs1' } : WHOLE;
    streams.add({ response, address: '127.0.0.1', mayStay: () => mayStay, filters, most, part }, null);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  streams.close();
  for (const client of clients.splice(0))
    client instanceof StreamClient ? client.disconnect() : client.destroy();
  server.close();
});

function begin(timing: Partial<StreamTiming> = {}, size = 2): void {
  countsSize = size;
  const parts: StreamParts = {
    committedSeq: () => seq,
    follow: (question) => follow(question),
    counts: (part) => {
      if (part.host !== null) return countsOfPart();
      asked += 1;
      return { json: `"${'x'.repeat(countsSize - 2)}"` as CountsAnswer['json'], tag };
    },
    idOf: (number) => `store-${number}`,
  };
  streams = new Streams(parts, { ...QUICK, ...timing });
}

const url = (path: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

async function listen(path = '/'): Promise<StreamClient> {
  const client = new StreamClient();
  clients.push(client);
  await client.connect(url(path));
  return client;
}

/** A client that never reads what it is sent. */
async function listenDeaf(path: string): Promise<ServerResponse> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
  clients.push(socket);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  return until(
    async () => responses.at(-1),
    (response) => response !== undefined,
  ) as Promise<ServerResponse>;
}

const ticks = (count: number) => {
  const before = asked;
  return until(
    async () => asked - before,
    (passed) => passed >= count,
  );
};

describe('a stream on which nothing moves', () => {
  it('is told the counts again now and then, so that no proxy takes it for dead', async () => {
    begin();
    const client = await listen();
    await until(
      async () => client.of('counts').length,
      (count) => count >= 3,
    );
    // The first one at once, then each fifteenth tick.
    expect(asked).toBeGreaterThanOrEqual(1 + 2 * 15);
    expect(client.messages.map(({ id }) => id)).toEqual(client.messages.map(() => 'store-0'));
  });

  it('is told nothing in between', async () => {
    begin({ aliveEvery: 1_000_000 });
    const client = await listen();
    await ticks(50);
    expect(client.messages).toHaveLength(1);
    tag = 'second';
    await until(
      async () => client.messages.length,
      (count) => count > 1,
    );
    await ticks(20);
    expect(client.messages).toHaveLength(2);
  });
});

describe('a client that has missed much', () => {
  it('gets it as fast as it reads, however seldom Headcount looks for what is new', async () => {
    begin({ lookEveryMs: 1_000 });
    // More than a socket takes at once, so that each is waited for.
    const text = 'x'.repeat(3_000_000);
    follow = async ({ after }) => {
      const position = after + 1;
      return { text: `event: event\ndata: {"seq":${position},"text":"${text}"}\n\n`, position, events: 1 };
    };
    const client = await listen('/events');
    seq = 20;
    streams.committed();
    await until(
      async () => client.seqs.length,
      (count) => count === 20,
    );
  });
});

describe('a client that does not read', () => {
  it('is sent no more counts than fit, however many there are', async () => {
    begin({ countsEveryMs: 1, aliveEvery: 1 }, 200_000);
    const response = await listenDeaf('/');
    await until(
      async () => response.writableNeedDrain,
      (isFull) => isFull,
    );
    await ticks(3);
    const held = response.writableLength;
    await ticks(30);
    expect(response.writableLength).toBe(held);
    expect(held).toBeLessThan(1_000_000);
  });

  it('is sent no more events than fit, and others get all of them', async () => {
    begin({ aliveEvery: 1_000_000 });
    const text = 'x'.repeat(200_000);
    const questions: Following[] = [];
    follow = async (question) => {
      questions.push(question);
      const position = question.after + 1;
      return { text: `event: event\ndata: {"seq":${position},"text":"${text}"}\n\n`, position, events: 1 };
    };
    const response = await listenDeaf('/events');
    const client = await listen('/events');
    seq = 200;
    streams.committed();
    await until(
      async () => client.seqs.length,
      (count) => count === 200,
    );
    expect(client.seqs).toEqual(Array.from({ length: 200 }, (_, n) => n + 1));
    expect(response.writableNeedDrain).toBe(true);
    expect(response.writableLength).toBeLessThan(1_000_000);
    const before = questions.length;
    await ticks(20);
    expect(questions.length).toBe(before);
    // It goes on where it was.
    clients.find((each): each is Socket => !(each instanceof StreamClient))?.resume();
    await until(
      async () => questions.at(-1)?.after,
      (after) => after === 199 && questions.length > before,
    );
  });
});

describe('a stream that ends', () => {
  it('while its events are read is written to no more, also where it does not read', async () => {
    begin({ countsEveryMs: 1, aliveEvery: 1 });
    let answer: (followed: Followed) => void = () => {};
    let question: Following | null = null;
    follow = (asking) => {
      question = asking;
      return new Promise((resolve) => {
        answer = resolve;
      });
    };
    const response = await listenDeaf('/events');
    seq = 2;
    streams.committed();
    await until(
      async () => question !== null,
      (isAsked) => isAsked,
    );
    // Only now: of one that takes nothing no question is asked.
    countsSize = 200_000;
    await until(
      async () => response.writableNeedDrain,
      (isFull) => isFull,
    );
    mayStay = false;
    await until(
      async () => response.writableEnded,
      (isEnded) => isEnded,
    );
    expect(response.writableFinished).toBe(false);
    answer(told({ filters: NO_FILTERS, after: 0, upTo: 2 }));
    for (let n = 0; n < 3; n += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(troubles).toEqual([]);
  });

  it('makes room: the last one to end stops the clock', async () => {
    begin();
    const [one, two] = [await listen(), await listen()];
    expect([streams.isFull, streams.isFullFor('127.0.0.1')]).toEqual([false, false]);
    one?.disconnect();
    await ticks(5);
    two?.disconnect();
    await until(
      async () => responses.every(({ closed }) => closed),
      (all) => all,
    );
    const before = asked;
    await new Promise((resolve) => setImmediate(resolve));
    await listen();
    // What the new one was told at once, and nothing in between.
    expect(asked).toBe(before + 1);
  });
});

describe('events that cannot be read', () => {
  it('are asked for again after a while, and not at once', async () => {
    begin({ retryMs: NEVER_MS });
    let questions = 0;
    follow = async () => {
      questions += 1;
      throw new Error('the reader died');
    };
    await listen('/events');
    seq = 1;
    streams.committed();
    await until(
      async () => questions,
      (count) => count === 1,
    );
    for (let n = 0; n < 10; n += 1) {
      seq += 1;
      streams.committed();
      await ticks(3);
    }
    expect(questions).toBe(1);
  });

  it('come when they can be', async () => {
    begin();
    let failures = 3;
    follow = async (question) => {
      failures -= 1;
      if (failures >= 0) throw new Error('the reader died');
      return told(question);
    };
    const client = await listen('/events');
    seq = 2;
    streams.committed();
    await until(
      async () => client.seqs,
      (seqs) => seqs.length === 2,
    );
    expect(failures).toBe(-1);
  });
});

it('streams of the same filters at the same position share one reading', async () => {
  begin();
  let questions = 0;
  follow = async (question) => {
    questions += 1;
    return told(question);
  };
  const three = [await listen('/events'), await listen('/events'), await listen('/events')];
  await listen('/');
  seq = 5;
  streams.committed();
  for (const client of three) {
    await until(
      async () => client.seqs,
      (seqs) => seqs.length === 5,
    );
  }
  expect(questions).toBe(1);
});

describe('a stream that takes so many events a second', () => {
  it('is sent no more of them before the next second, and then the latest', async () => {
    begin({ countsEveryMs: NEVER_MS });
    const questions: Following[] = [];
    follow = async (question) => {
      questions.push(question);
      const { after, upTo, most } = question;
      return told({ ...question, after: Math.max(after, upTo - (most ?? upTo)) });
    };
    const client = await listen('/events?most=3');
    const other = await listen('/events');
    const allOf = (count: number) =>
      until(
        async () => other.seqs,
        (seqs) => seqs.length === count,
      );
    for (const next of [2, 4, 9]) {
      seq = next;
      streams.committed();
      await allOf(next);
    }
    // Of the third and fourth only one, and after that nothing is asked for it.
    expect(client.seqs).toEqual([1, 2, 4]);
    expect(questions.filter(({ most }) => most !== null).map(({ most }) => most)).toEqual([3, 1]);
  });

  it('goes on in the next second, also where nothing new comes', async () => {
    begin();
    follow = async (question) =>
      told({ ...question, after: Math.max(question.after, question.upTo - (question.most ?? 0)) });
    const client = await listen('/events?most=1');
    for (const next of [1, 2]) {
      seq = next;
      streams.committed();
      await until(
        async () => client.seqs.at(-1),
        (last) => last === next,
      );
    }
    expect(client.seqs).toEqual([1, 2]);
  });
});

describe('counts of a part', () => {
  const answer = (text: string): CountsAnswer => ({ json: `"${text}"` as CountsAnswer['json'], tag: text });

  it('that are awaited are not asked for once more, and hold up nobody', async () => {
    begin({ aliveEvery: 1 });
    let questions = 0;
    let give: (counts: CountsAnswer) => void = () => {};
    countsOfPart = () => {
      questions += 1;
      return questions === 1
        ? Promise.resolve(answer('first'))
        : new Promise((resolve) => {
            give = resolve;
          });
    };
    const client = await listen('/part');
    const whole = await listen('/');
    await until(
      async () => whole.of('counts').length,
      (count) => count > 10,
    );
    expect(questions).toBe(2);
    expect(client.of('counts').map(({ data }) => data)).toEqual(['first']);
    give(answer('second'));
    await until(
      async () => client.of('counts').at(-1)?.data,
      (data) => data === 'second',
    );
    await until(
      async () => questions,
      (count) => count > 2,
    );
  });

  it('that are awaited for long leave no connection for dead', async () => {
    begin({ aliveEvery: 2 });
    countsOfPart = () => new Promise(() => {});
    const client = await listen('/part');
    // Comments have no name.
    await until(
      async () => client.of('').length,
      (count) => count > 2,
    );
    expect(client.of('counts')).toEqual([]);
  });

  it('that cannot be read come when they can be', async () => {
    begin();
    let failures = 3;
    countsOfPart = async () => {
      failures -= 1;
      if (failures >= 0) throw new Error('the reader died');
      return answer('at last');
    };
    const client = await listen('/part');
    await until(
      async () => client.of('counts').length,
      (count) => count > 0,
    );
    expect(client.of('counts')[0]?.data).toBe('at last');
  });

  it('are not written to a client that has gone meanwhile', async () => {
    begin();
    let give: (counts: CountsAnswer) => void = () => {};
    countsOfPart = () =>
      new Promise((resolve) => {
        give = resolve;
      });
    const client = await listen('/part');
    client.disconnect();
    await until(
      async () => responses.every(({ closed }) => closed),
      (all) => all,
    );
    give(answer('too late'));
    for (let n = 0; n < 3; n += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(troubles).toEqual([]);
  });
});
