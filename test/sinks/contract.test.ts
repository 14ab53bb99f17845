import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { TABLES } from '../../src/contract/sink.ts';
import { consoleUnderTest } from './console-under-test.ts';
import { questDbUnderTest } from './questdb/under-test.ts';
import {
  batchOf,
  countsRow,
  eventRow,
  fullEventRow,
  fullSessionRow,
  HOSTILE_TEXTS,
  NEVER,
  NOON,
  sessionRow,
} from './rows-under-test.ts';
import type { SinkUnderTest } from './sink-under-test.ts';

/** A new kind of sink is one line here. */
const SINKS: readonly (readonly [name: string, make: () => Promise<SinkUnderTest>, canRun: boolean])[] = [
  ['console', consoleUnderTest, true],
  ['questdb', questDbUnderTest, inject('questdb') !== null],
];

describe.each(SINKS.filter(([, , canRun]) => canRun))('the contract, as %s keeps it', (_, make) => {
  let under: SinkUnderTest;
  beforeAll(async () => {
    under = await make();
    await under.sink.start(NEVER);
  }, 60_000);
  afterAll(() => under.dispose());

  it('what was written has arrived, in order', async () => {
    await under.sink.write(batchOf('session_events', eventRow(1), eventRow(2)), NEVER);
    await under.sink.write(batchOf('session_events', eventRow(3)), NEVER);
    await under.sink.write(batchOf('sessions', sessionRow('a'), sessionRow('b')), NEVER);
    await under.sink.write(batchOf('session_counts', countsRow({ scope: 'host', name: 'node1' })), NEVER);
    expect(await under.arrived('session_events')).toEqual(['event-1', 'event-2', 'event-3']);
    expect(await under.arrived('sessions')).toEqual(['a', 'b']);
    expect(await under.arrived('session_counts')).toEqual(['node1']);
  });

  it('the same rows twice do no harm', async () => {
    const batches = [
      batchOf('session_events', eventRow(4), fullEventRow(5, 'x')),
      batchOf('sessions', sessionRow('c'), fullSessionRow('d', 'x')),
      batchOf(
        'session_counts',
        countsRow({ at: NOON + 1 }),
        countsRow({ at: NOON + 1, scope: 'app', name: 'x' }),
      ),
    ];
    for (const batch of batches) await under.sink.write(batch, NEVER);
    const before = await Promise.all(TABLES.map((table) => under.arrived(table)));
    for (const batch of batches) await under.sink.write(batch, NEVER);
    expect(await Promise.all(TABLES.map((table) => under.arrived(table)))).toEqual(before);
    expect(before.map((rows) => rows.length)).toEqual([5, 4, 3]);
  });

  it('text of any kind arrives as it is', async () => {
    const rows = HOSTILE_TEXTS.map((text, index) => ({
      ...fullEventRow(100 + index, text),
      eventId: `text-${index}`,
    }));
    await under.sink.write(batchOf('session_events', ...rows), NEVER);
    for (const [index, text] of HOSTILE_TEXTS.entries()) {
      expect(await under.userOf(`text-${index}`)).toEqual([text, text]);
    }
  });

  it('text of any kind is taken by the other tables, too', async () => {
    const sessions = HOSTILE_TEXTS.map((text, index) => fullSessionRow(`text-${index}`, text));
    const counts = HOSTILE_TEXTS.map((name) => countsRow({ at: NOON + 2, scope: 'app', name }));
    await under.sink.write(batchOf('sessions', ...sessions), NEVER);
    await under.sink.write(batchOf('session_counts', ...counts), NEVER);
    expect(await under.arrived('sessions')).toEqual(expect.arrayContaining(sessions.map(({ id }) => id)));
    expect(await under.arrived('session_counts')).toEqual(expect.arrayContaining([...HOSTILE_TEXTS]));
  });

  it('half a surrogate pair is taken', async () => {
    const row = eventRow(200, { user: { directory: null, id: 'half \ud83d' } });
    await under.sink.write(batchOf('session_events', row), NEVER);
    expect(await under.arrived('session_events')).toContain('event-200');
  });

  it('a write that is given up settles soon', async () => {
    const sink = await under.stuck();
    await sink.start(NEVER);
    const stop = new AbortController();
    const written = sink.write(batchOf('session_events', eventRow(300)), stop.signal);
    const rejected = expect(written).rejects.toThrow(Error);
    stop.abort();
    await rejected;
    await expect(sink.write(batchOf('session_events', eventRow(300)), stop.signal)).rejects.toThrow(Error);
  });

  it('it can be started again, and stopped twice', async () => {
    const sink = await under.stuck();
    await sink.start(NEVER);
    await sink.start(NEVER);
    await sink.stop();
    await sink.stop();
  });

  it('its details are plain JSON without secrets', async () => {
    const details = under.sink.details?.() ?? {};
    const text = JSON.stringify(details);
    expect(JSON.parse(text)).toEqual(details);
    for (const secret of under.secrets) expect(text).not.toContain(secret);
  });
});
