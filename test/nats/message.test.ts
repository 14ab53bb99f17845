import { headers } from '@nats-io/transport-node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EVENT_REASONS, KINDS } from '../../src/contract/event.ts';
import {
  decodeAsk,
  decodeEvents,
  decodeHead,
  encodeAsk,
  encodeEvent,
  encodeEvents,
  encodeHead,
  placeOf,
  subjectOf,
} from '../../src/nats/message.ts';
import { partitionOf } from '../../src/nats/partition.ts';
import { acceptedRow, eventRow, fullEventRow, HOSTILE_TEXTS } from '../sinks/rows-under-test.ts';

describe('a message of events', () => {
  it('says of each event all that a tracker needs, whatever its texts are', () => {
    const orNull = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: null });
    const text = orNull(
      fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...HOSTILE_TEXTS.slice(0, 10))),
    );
    const time = fc.nat({ max: 4e12 });
    const row = fc.record({
      ...{ kind: fc.constantFrom(...KINDS), at: time, originalAt: orNull(time), receivedAt: time },
      ...{ timed: fc.boolean(), sessionKey: text, application: fc.boolean(), origin: text, context: text },
      ...{ appId: text, virtualProxy: text, userAgent: text, message: text, result: orNull(fc.integer()) },
      reason: orNull(fc.constantFrom(...EVENT_REASONS)),
      rowNumber: orNull(fc.nat()),
      user: orNull(fc.record({ directory: text, id: fc.string({ unit: 'binary' }) })),
      identity: fc.string({ minLength: 1, maxLength: 100 }),
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), (rows) => {
        const sent = rows.map((each, n) => ({ ...acceptedRow(eventRow(n + 1)), ...each }));
        const got = decodeEvents(encodeEvents(sent.map(encodeEvent)));
        expect(got?.map(({ seq, event }) => ({ seq, ...event }))).toEqual(
          sent.map(({ seq, identity, kind, at, originalAt, timed, receivedAt, host, ...others }) => {
            const { user, origin, context, appId, virtualProxy, sessionKey } = others;
            const { result, reason, rowNumber, userAgent, message, application } = others;
            return {
              ...{
                seq,
                eventId: identity,
                kind,
                at,
                originalAt,
                timed,
                receivedAt,
                host,
                user,
                origin,
                context,
              },
              ...{
                appId,
                virtualProxy,
                sessionKey,
                result,
                reason,
                rowNumber,
                userAgent,
                message,
                application,
              },
              note: null,
            };
          }),
        );
      }),
    );
  });

  it('has what a note says, too', () => {
    const [got] = decodeEvents(encodeEvents([encodeEvent(acceptedRow(fullEventRow(7, 'x')))])) ?? [];
    expect(got?.event.note).toEqual(fullEventRow(7, 'x').note);
  });

  it('is none where it is anything else', () => {
    const good = JSON.parse(encodeEvent(acceptedRow(eventRow(1))));
    const others = [
      ...['', '[', '[]', '{}', 'null', '[1]', '[{}]', '"x"'],
      ...[{ kind: 'fly' }, { at: -1 }, { at: '1' }, { seq: 0 }, { user: 'anna' }, { identity: '' }].map(
        (odd) => JSON.stringify([{ ...good, ...odd }]),
      ),
    ];
    expect(others.map(decodeEvents)).toEqual(others.map(() => null));
  });

  it('has a head and a subject that are read again, and others are not', () => {
    const head = { site: 'berlin', previous: 3, through: 9, gone: 0 };
    expect(decodeHead(encodeHead(head))).toEqual(head);
    expect([undefined, headers()].map(decodeHead)).toEqual([null, null]);
    for (const odd of [
      { site: 'a/b' },
      { site: '' },
      { previous: -1 },
      { through: 1.5 },
      { gone: Number.NaN },
    ]) {
      expect(decodeHead(encodeHead({ ...head, ...odd }))).toBeNull();
    }
    expect(placeOf(subjectOf('headcount', 12, 'b7e2-3'))).toEqual({ partition: 12, edge: 'b7e2-3' });
    expect(['headcount.events.x.y', 'headcount.events.1', 'a.events.1.b c'].map(placeOf)).toEqual([
      null,
      null,
      null,
    ]);
  });

  it('is asked for again in words that are read again', () => {
    expect(decodeAsk(encodeAsk({ partition: 1, after: 5 }))).toEqual({ partition: 1, after: 5 });
    expect(['', '{}', '{"partition":-1,"after":0}'].map(decodeAsk)).toEqual([null, null, null]);
  });
});

describe('a partition', () => {
  it('has all of one user, however the name is spelt', () => {
    const of = (directory: string, id: string, host = 'node1') => partitionOf(host, { directory, id }, 64);
    expect(of('LAB', 'ÉLODIE')).toBe(of('lab', 'e\u0301lodie', 'node2'));
    expect(partitionOf('node1', null, 64)).toBe(partitionOf('node1', null, 64));
  });

  it('has about as many users as any other one', () => {
    const users = Array.from({ length: 64_000 }, (_, n) =>
      partitionOf('', { directory: 'LAB', id: `user${n}` }, 64),
    );
    const sizes = [...Map.groupBy(users, (partition) => partition).values()].map(({ length }) => length);
    expect(sizes).toHaveLength(64);
    expect(Math.max(...sizes)).toBeLessThan(1_150);
    expect(Math.min(...sizes)).toBeGreaterThan(850);
  });
});
