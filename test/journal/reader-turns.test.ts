import { expect, it } from 'vitest';
import { ReaderTurns, TooManyQuestions } from '../../src/journal/read/reader-turns.ts';

/** Turns over two threads that answer when they are told to. A question is its own answer. */
class TurnsUnderTest {
  now = 0;
  /** What was begun, in order, with its thread. */
  readonly begun: string[] = [];
  readonly #open = new Map<string, () => void>();
  /** Threads that were told that nobody waits for what they do. */
  readonly abandoned: number[] = [];
  readonly #turns = new ReaderTurns<string, string>({
    threads: 2,
    ask: (thread, question) => {
      this.begun.push(`${thread}: ${question}`);
      return new Promise((resolve) => this.#open.set(question, () => resolve(question)));
    },
    abandon: (thread) => this.abandoned.push(thread),
    now: () => this.now,
  });

  ask(question: string, client: string, length: 'short' | 'long', gone = new AbortController().signal) {
    const answer = this.#turns.ask(question, length === 'short', { client, gone });
    answer.catch(() => {});
    return answer;
  }

  /** Ends a question that has taken so long. */
  async end(question: string, tookMs = 1): Promise<void> {
    this.now += tookMs;
    this.#open.get(question)?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

it('a short question never waits for a long one, however many there are', async () => {
  const turns = new TurnsUnderTest();
  for (let n = 0; n < 30; n += 1) turns.ask(`long ${n}`, 'a', 'long');
  const answer = turns.ask('short', 'a', 'short');
  expect(turns.begun).toEqual(['1: long 0', '0: short']);
  await turns.end('short');
  expect(await answer).toBe('short');
});

it('what a client that has gone asked is never begun', async () => {
  const turns = new TurnsUnderTest();
  const client = new AbortController();
  turns.ask('first', 'a', 'long', client.signal);
  const left = Array.from({ length: 29 }, (_, n) => turns.ask(`left ${n}`, 'a', 'long', client.signal));
  const other = turns.ask('other', 'b', 'long');
  client.abort(new Error('gone'));
  for (const each of left) await expect(each).rejects.toThrow('gone');
  await turns.end('first', 3_000);
  expect(turns.begun).toEqual(['1: first', '1: other']);
  await turns.end('other');
  expect(await other).toBe('other');
  await expect(turns.ask('late', 'a', 'short', client.signal)).rejects.toThrow('gone');
});

it('a question that has begun is given up when its client goes, and keeps its thread until it has ended', async () => {
  const turns = new TurnsUnderTest();
  const client = new AbortController();
  const left = turns.ask('left', 'a', 'long', client.signal);
  turns.ask('next', 'b', 'long');
  client.abort(new Error('gone'));
  await expect(left).rejects.toThrow('gone');
  expect(turns.abandoned).toEqual([1]);
  expect(turns.begun).toEqual(['1: left']);
  await turns.end('left');
  expect(turns.begun).toEqual(['1: left', '1: next']);
});

it('who has used least is next, so that clients share the time, not the number of questions', async () => {
  const turns = new TurnsUnderTest();
  for (const n of [0, 1, 2]) turns.ask(`heavy ${n}`, 'heavy', 'long');
  for (const n of [0, 1, 2, 3]) turns.ask(`light ${n}`, 'light', 'long');
  await turns.end('heavy 0', 1_000);
  for (const n of [0, 1, 2, 3]) await turns.end(`light ${n}`, 300);
  expect(turns.begun.map((each) => each.slice(3))).toEqual([
    ...['heavy 0', 'light 0', 'light 1', 'light 2', 'light 3', 'heavy 1'],
  ]);
});

it('what was used is forgotten after ten seconds', async () => {
  const turns = new TurnsUnderTest();
  for (const n of [0, 1]) turns.ask(`heavy ${n}`, 'heavy', 'long');
  for (const n of [0, 1]) turns.ask(`light ${n}`, 'light', 'long');
  await turns.end('heavy 0', 1_000);
  await turns.end('light 0', 10_000);
  expect(turns.begun.at(-1)).toBe('1: heavy 1');
});

it('a client may have ten thousand questions waiting, and is told when it has more', async () => {
  const turns = new TurnsUnderTest();
  for (let n = 0; n <= 10_000; n += 1) turns.ask(`${n}`, 'a', 'long');
  await expect(turns.ask('one more', 'a', 'long')).rejects.toThrow(TooManyQuestions);
  turns.ask('other', 'b', 'long');
  await turns.end('0');
  expect(turns.begun).toEqual(['1: 0', '1: other']);
});

it('a question that fails makes room for the next', async () => {
  const begun: string[] = [];
  const turns = new ReaderTurns<string, string>({
    threads: 2,
    ask: async (_thread, question) => {
      begun.push(question);
      if (question === 'broken') throw new Error('the reader has stopped');
      return question;
    },
    abandon: () => {},
    now: () => 0,
  });
  const asker = { client: 'a', gone: new AbortController().signal };
  await expect(turns.ask('broken', false, asker)).rejects.toThrow('the reader has stopped');
  expect(await turns.ask('next', false, asker)).toBe('next');
  expect(begun).toEqual(['broken', 'next']);
});
