import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { NumberedLine } from '../../src/contract/event.ts';
import { LostLines } from '../../src/sessions/lost-lines/lost-lines.ts';
import { EPOCH } from './model/event-arbitrary.ts';
import { line, NODE, RELAY, RELAY_AGAIN } from './numbered-lines.ts';

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 500);
const MOST_LATE = 8;

/** One run of a counter: what becomes of each of its lines, and how many places each arrives late. */
interface Epoch {
  readonly begin: number;
  readonly fates: readonly ('arrives' | 'lost' | 'twice')[];
  readonly delays: readonly number[];
  readonly pauseSeconds: number;
}

const fate = fc.oneof(
  { weight: 8, arbitrary: fc.constant('arrives' as const) },
  { weight: 1, arbitrary: fc.constant('lost' as const) },
  { weight: 1, arbitrary: fc.constant('twice' as const) },
);
const epoch: fc.Arbitrary<Epoch> = fc.integer({ min: 3, max: 120 }).chain((lines) =>
  fc.record({
    begin: fc.constantFrom(0, 1, 2, 40, 1_000_000),
    fates: fc.array(fate, { minLength: lines, maxLength: lines }),
    delays: fc.array(fc.oneof(fc.constant(0), fc.nat(MOST_LATE)), { minLength: lines, maxLength: lines }),
    pauseSeconds: fc.constantFrom(90, 3_600),
  }),
);

interface Sent {
  readonly line: NumberedLine;
  /** Number of the counter's run, by which the model tells counters apart. */
  readonly epoch: number;
}

/** The lines of all runs in the order of their arrival; each line is 100 ms after the one before. */
function arrivals(epochs: readonly Epoch[]): Sent[] {
  let second = 0;
  return epochs.flatMap(({ begin, fates, delays, pauseSeconds }, epoch) => {
    const sent: { readonly at: number; readonly sent: Sent }[] = [];
    for (const [n, fate] of fates.entries()) {
      second += 0.1;
      if (fate === 'lost') continue;
      const late = (delays[n] ?? 0) / 10;
      const receivedAt = EPOCH + (second + late) * 1_000;
      sent.push({ at: receivedAt, sent: { line: line(begin + n, second, { receivedAt }), epoch } });
      if (fate === 'twice')
        sent.push({ at: receivedAt + 150, sent: { line: line(begin + n, second), epoch } });
    }
    second += pauseSeconds;
    return sent.sort((a, b) => a.at - b.at).map((each) => each.sent);
  });
}

/** The obvious way: every number of every run in a set. Nothing is known of what came before the first or after the last. */
function modelMissing(sent: readonly Sent[]): number {
  const runs = new Map<number, Set<number>>();
  for (const { line, epoch } of sent) {
    runs.set(epoch, (runs.get(epoch) ?? new Set()).add(line.rowNumber ?? 0));
  }
  return [...runs.values()]
    .filter((seen) => [...seen].some((row) => seen.has(row + 1)))
    .reduce((sum, seen) => sum + Math.max(...seen) - Math.min(...seen) + 1 - seen.size, 0);
}

/** Each run at a later number than the one before looks like the same counter: only falling begins tell them apart. */
function restarts(epochs: readonly Epoch[]): boolean {
  return epochs.every((each, n) => {
    const before = epochs[n - 1];
    return before === undefined || each.begin + MOST_LATE < firstArrived(before);
  });
}

function firstArrived({ begin, fates }: Epoch): number {
  return begin + fates.length - 1 - fates.toReversed().findIndex((fate) => fate !== 'lost');
}

it.each([
  ['a node', () => NODE],
  ['a relay that connects anew all the time', (n: number) => (n % 5 < 3 ? RELAY : RELAY_AGAIN)],
])('row numbers of %s tell what sets of numbers tell, whatever is lost, late or doubled', (_name, sender) => {
  fc.assert(
    fc.property(fc.array(epoch, { minLength: 1, maxLength: 4 }).filter(restarts), (epochs) => {
      const sent = arrivals(epochs);
      const rows = new LostLines();
      let now = EPOCH;
      for (const [n, { line }] of sent.entries()) {
        for (; now + 1_000 < line.receivedAt; now += 1_000) rows.tick(now);
        rows.note(line, sender(n));
      }
      rows.tick(now + 3_600_000);
      expect(rows.missing).toBe(modelMissing(sent));
    }),
    { numRuns: RUNS },
  );
});
