import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type AnswerFault, AnswerReader } from '../../../receivers/qps/answer.ts';
import { row } from './stand-in.ts';
import { startPolls, startStandIn } from './under-test.ts';

const LIMITS = { bytes: 1_000_000, sessions: 200_000, batchBytes: 65_536 };
const nobody = () => false;

/** Reads bytes in pieces of `size`. */
function read(bytes: Buffer, size: number, limits = LIMITS): AnswerReader | AnswerFault {
  const reader = new AnswerReader(limits, nobody);
  for (let at = 0; at < bytes.length; at += size) {
    const fault = reader.push(bytes.subarray(at, at + size));
    if (fault !== null) return fault;
  }
  return reader.end() ?? reader;
}

function idsOf(answer: AnswerReader | AnswerFault): string[] | null {
  return typeof answer === 'string' ? null : answer.sessions.map(({ id }) => id);
}

/** The same by the obvious way: all at once. */
function idsAtOnce(bytes: Buffer): string[] | null {
  let rows: unknown;
  try {
    rows = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return null;
  }
  if (!Array.isArray(rows)) return null;
  const ids = rows.map((each) => {
    const { SessionId: id, UserId: user, UserDirectory: directory } = each ?? {};
    const isSession = typeof id === 'string' && typeof user === 'string' && typeof directory === 'string';
    return isSession && !Array.isArray(each) && id !== '' && user !== '' ? id : null;
  });
  return ids.includes(null) ? null : [...new Set(ids as string[])];
}

/** Of pieces, and of what is parsed at a time. */
const sizes = fc.constantFrom(1, 7, 100, 1_000_000);
const arbitraryRow = fc.record(
  {
    UserDirectory: fc.string(),
    UserId: fc.string({ unit: 'grapheme', minLength: 1 }),
    SessionId: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3 }),
    Attributes: fc.array(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 })), { maxLength: 2 }),
    Filler: fc.constant('{[",]}\\'.repeat(10)),
  },
  { requiredKeys: ['UserDirectory', 'UserId', 'SessionId'] },
);

describe('an answer that is read in pieces', () => {
  it('is the same list as one that is parsed at once, wherever the pieces end', () => {
    fc.assert(
      fc.property(
        fc.array(arbitraryRow, { maxLength: 20 }),
        sizes,
        sizes,
        fc.boolean(),
        (rows, size, batchBytes, isSpread) => {
          const bytes = Buffer.from(JSON.stringify(rows, null, isSpread ? 2 : 0));
          expect(idsOf(read(bytes, size, { ...LIMITS, batchBytes }))).toEqual(idsAtOnce(bytes));
        },
      ),
    );
  });

  it('is refused exactly where parsing it at once would fail', () => {
    const damage = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      cut: fc.integer({ min: 0, max: 3 }),
      put: fc.constantFrom('', '[', ']', '{', '}', '"', ',', ',,', '\\', '\n', 'null', '\u0000', '],['),
    });
    const damages = fc.array(damage, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(
        fc.array(arbitraryRow, { maxLength: 6 }),
        damages,
        sizes,
        sizes,
        (rows, damages, size, batchBytes) => {
          let text = JSON.stringify(rows);
          for (const { at, cut, put } of damages) {
            const place = Math.floor(at * text.length);
            text = text.slice(0, place) + put + text.slice(place + cut);
          }
          const bytes = Buffer.from(text);
          expect(idsOf(read(bytes, size, { ...LIMITS, batchBytes }))).toEqual(idsAtOnce(bytes));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it.each<[string, Buffer, AnswerFault]>([
    ['bytes', Buffer.from(JSON.stringify([row('anna'), row('bert')])), 'too_large'],
    ['blanks', Buffer.alloc(200, ' '), 'too_large'],
  ])('is refused where it has more %s than there may be', (_what, bytes, fault) => {
    expect(read(bytes, 10, { ...LIMITS, bytes: 100 })).toBe(fault);
  });

  it('is refused where it has more sessions than there may be; the same one twice is one', () => {
    const rows = [row('anna', 'a'), row('bert', 'b'), row('anna', 'a')];
    const limits = { ...LIMITS, sessions: 2 };
    expect(idsOf(read(Buffer.from(JSON.stringify(rows)), 1_000, limits))).toEqual(['a', 'b']);
    expect(read(Buffer.from(JSON.stringify([...rows, row('carl', 'c')])), 1_000, limits)).toBe('too_many');
  });

  it.each([
    ['text without an end', `[{"SessionId":"${'x'.repeat(300_000)}`],
    ['lists in lists without an end', '['.repeat(300_000)],
  ])('is refused before memory is filled with %s', (_what, text) => {
    expect(read(Buffer.from(text), 10_000)).toBe('bad_row');
  });

  it.each(['SessionId', 'UserId', 'UserDirectory'])('is refused where a %s is longer than any is', (key) => {
    expect(read(Buffer.from(JSON.stringify([row('anna', 'a', { [key]: 'x'.repeat(1_025) })])), 10_000)).toBe(
      'bad_row',
    );
  });

  it('of 100,000 sessions, 13 MB, is taken within a few seconds, and everything else goes on meanwhile', async () => {
    const standIn = await startStandIn();
    const name = 'Doe, Jane Elizabeth';
    const rows = Array.from({ length: 100_000 }, (_, n) =>
      row(`user${n}`, crypto.randomUUID(), { UserName: name }),
    );
    standIn.faults.set('*', { body: JSON.stringify(rows) });
    let turns = 0;
    const turn = setInterval(() => {
      turns += 1;
    }, 1);
    const { intake, receiver } = await startPolls({ port: standIn.port });
    await vi.waitFor(() => expect(intake.answered).toBe(1), { timeout: 60_000 });
    clearInterval(turn);
    expect(receiver.stats().polls).toMatchObject([{ ok: true, sessions: 100_000, users: 100_000 }]);
    // Parsed at once there would be one or two; the scenario `polls` of the bench measures how long the longest takes.
    expect(turns).toBeGreaterThan(20);
  }, 90_000);
});
