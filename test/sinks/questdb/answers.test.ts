import { afterEach, describe, expect, it } from 'vitest';
import { NeedsOperatorError, PoisonRowError, type Sink } from '../../../src/contract/sink.ts';
import { answer, FarSide } from '../far-side.ts';
import { batchOf, eventRow, NEVER } from '../rows-under-test.ts';
import { startedSink } from './under-test.ts';

const used: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of used.splice(0).reverse()) await end();
});

async function sinkAndFarSide(): Promise<{ sink: Sink; far: FarSide }> {
  const far = await FarSide.listen();
  used.push(() => far.close());
  const sink = await startedSink({ url: far.url });
  used.push(() => sink.stop());
  return { sink, far };
}

function rows(count: number) {
  return batchOf('session_events', ...Array.from({ length: count }, (_, index) => eventRow(index)));
}

async function errorOf(work: Promise<void>): Promise<Error> {
  return work.then(
    () => new Error('none'),
    (error: Error) => error,
  );
}

/** QuestDB's own words. */
function refusal(line: number): string {
  const message = `failed to parse line protocol:errors encountered on line(s):\nerror in line ${line}: table: session_events, column: result; cast error from protocol type: STRING to column type: LONG`;
  return JSON.stringify({ code: 'invalid', message, line, errorId: '1dd06889937e-1' });
}

describe('what QuestDB answers to rows', () => {
  it.each([401, 403])('%i calls for the operator', async (status) => {
    const { sink, far } = await sinkAndFarSide();
    far.onWrite = (response) => answer(response, status, 'Unauthorized');
    const error = await errorOf(sink.write(rows(2), NEVER));
    expect(error).toBeInstanceOf(NeedsOperatorError);
    expect(error.message).toBe(`${far.url} refuses the credentials of this sink (HTTP ${status})`);
  });

  it.each([301, 404, 405])('%i is not QuestDB', async (status) => {
    const { sink, far } = await sinkAndFarSide();
    far.onWrite = (response) => answer(response, status, '<html>');
    const error = await errorOf(sink.write(rows(2), NEVER));
    expect(error).toBeInstanceOf(NeedsOperatorError);
    expect(error.message).toBe(`there is no QuestDB at ${far.url} (HTTP ${status})`);
  });

  it('421, read-only, calls for the operator', async () => {
    const { sink, far } = await sinkAndFarSide();
    far.onWrite = (response) => answer(response, 421, '{"message":"this instance cannot receive writes"}');
    const error = await errorOf(sink.write(rows(2), NEVER));
    expect(error).toBeInstanceOf(NeedsOperatorError);
    expect(error.message).toContain('this instance cannot receive writes');
  });

  it.each([408, 429, 500, 502, 503, 504])('%i may go better later', async (status) => {
    const { sink, far } = await sinkAndFarSide();
    far.onWrite = (response) => answer(response, status, 'busy\n\u001b[2J');
    const error = await errorOf(sink.write(rows(2), NEVER));
    expect(error.constructor).toBe(Error);
    expect(error.message).toBe(`${far.url} answers HTTP ${status}: busy [2J`);
  });

  it.each([1, 7, 10])('400 with line %i blames that row', async (line) => {
    const { sink, far } = await sinkAndFarSide();
    far.onWrite = (response) => answer(response, 400, refusal(line));
    const error = await errorOf(sink.write(rows(10), NEVER));
    expect(error).toBeInstanceOf(PoisonRowError);
    expect(error).toMatchObject({
      place: line - 1,
      message:
        'table: session_events, column: result; cast error from protocol type: STRING to column type: LONG',
    });
  });

  it.each([
    ['no line', '{"code":"invalid","message":"no"}'],
    ['a line beyond the last', refusal(11)],
    ['line 0', refusal(0)],
    ['a line that is no number', '{"line":"3"}'],
    ['no JSON', '<html>Bad request</html>'],
    ['null', 'null'],
    ['nothing', ''],
  ])('400 with %s: the row is found by halving, and the others are there', async (_, body) => {
    const { sink, far } = await sinkAndFarSide();
    far.onWrite = (response, lines) => {
      if (lines.includes('event-7')) answer(response, 400, body);
      else answer(response, 204);
    };
    expect(await errorOf(sink.write(rows(10), NEVER))).toMatchObject({ place: 7 });
    expect(far.written.length).toBeLessThan(10);
  });

  it('400 for one row without a line blames it', async () => {
    const { sink, far } = await sinkAndFarSide();
    far.onWrite = (response) => answer(response, 400, `{"message":"${'no'.repeat(10_000)}"}`);
    const error = await errorOf(sink.write(rows(1), NEVER));
    expect(error).toBeInstanceOf(PoisonRowError);
    expect(error).toMatchObject({ place: 0, message: 'no'.repeat(250) });
  });

  it('413 sends less at once, and remembers', async () => {
    const { sink, far } = await sinkAndFarSide();
    const taken: string[] = [];
    far.onWrite = (response, lines) => {
      if (lines.length > 300_000) return answer(response, 413, '<html>nginx');
      taken.push(...lines.matchAll(/event-\d+/g).map(([id]) => id));
      answer(response, 204);
    };
    await sink.write(rows(5_000), NEVER);
    expect(taken).toEqual(rows(5_000).rows.map((_, index) => `event-${index}`));
    const tries = far.written.length;
    await sink.write(rows(5_000), NEVER);
    expect(far.written.slice(tries).every((lines) => lines.length <= 300_000)).toBe(true);
  });

  it('413 for a single row blames it', async () => {
    const { sink, far } = await sinkAndFarSide();
    far.onWrite = (response, lines) => answer(response, lines.includes('event-3"') ? 413 : 204);
    expect(await errorOf(sink.write(rows(8), NEVER))).toMatchObject({ place: 3, message: 'HTTP 413' });
  });

  it('a row that cannot be written down is blamed, and the next batch is whole', async () => {
    const { sink, far } = await sinkAndFarSide();
    const bad = [
      { result: 2 ** 60 },
      { result: 1.5 },
      { at: -1 },
      { at: Number.NaN },
      { at: Date.UTC(10_000, 0, 1) },
      { receivedAt: 0.5 },
      { eventId: null as unknown as string },
    ];
    for (const fields of bad) {
      const batch = batchOf('session_events', eventRow(1), eventRow(2, fields), eventRow(3));
      expect(await errorOf(sink.write(batch, NEVER))).toMatchObject({ place: 1 });
    }
    await sink.write(batchOf('session_events', eventRow(4), eventRow(5)), NEVER);
    expect(far.written.map((lines) => lines.match(/event-\d+/g))).toEqual([['event-4', 'event-5']]);
  });

  it('a row longer than one request is a request of its own', async () => {
    const { sink, far } = await sinkAndFarSide();
    const long = eventRow(2, { message: 'x'.repeat(10_000_000) });
    await sink.write(batchOf('session_events', eventRow(1), long, eventRow(3)), NEVER);
    expect(far.written.map((lines) => lines.match(/event-\d+/g))).toEqual([
      ['event-1', 'event-2'],
      ['event-3'],
    ]);
  });
});
