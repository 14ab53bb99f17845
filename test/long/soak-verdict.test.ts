import { expect, it } from 'vitest';
import type { SoakSample } from './soak/soak-sample.ts';
import { type SoakEnd, soakVerdict } from './soak/soak-verdict.ts';

const MINUTES = 60;

/** An hour in which all went well, with memory that moves by ten MiB up and down. */
function goodEnd(rssOf: (minute: number) => number = () => 300): SoakEnd {
  const samples = Array.from(
    { length: MINUTES },
    (_, minute): SoakSample => ({
      ...{ seconds: 60 * (minute + 1), rss: rssOf(minute) + (minute % 3) * 10, heap: 50, openFiles: 60 },
      ...{
        received: 1_000,
        duplicates: 0,
        excluded: 0,
        refused: 0,
        dropped: 0,
        inFlight: 0,
        pending: 0,
        sessions: 5,
        problems: [],
      },
    }),
  );
  const last = samples.at(-1) as SoakSample;
  return {
    ...{ samples, last, sent: 1_000, filesBefore: 50, filesAfter: 54, rows: 2_000, exitCode: 0 },
    logged: new Map([['listening', 1]]),
    readerProblems: [],
  };
}

const failed = (end: SoakEnd) => soakVerdict(end).filter((line) => !line.startsWith('ok: '));

it('an hour in which all went well passes', () => {
  expect(failed(goodEnd())).toEqual([]);
});

it('what was offered twice was sent once, and somebody may log in again and again all the time', () => {
  const end = goodEnd();
  const last = { ...end.last, received: 1_520, duplicates: 500, excluded: 30 };
  expect(failed({ ...end, last, logged: new Map([['a user logs in again and again', 60]]) })).toEqual([]);
});

it('memory may grow at first, and not later on', () => {
  expect(failed(goodEnd((minute) => Math.min(300, 100 + 15 * minute)))).toEqual([]);
  expect(failed(goodEnd((minute) => 300 + minute / 2))).toEqual([
    expect.stringMatching(/^FAILED: rss: (29|3\d)\.\d MiB an hour/),
  ]);
});

it.each([
  [{ sent: 1_001 }, 'sent 1001 = received 1000 - offered twice 0 + dropped 0'],
  [{ filesAfter: 80 }, 'open files before 50, after 80'],
  [{ rows: 3 }, 'rows that the sink printed: 3'],
  [{ readerProblems: ['503'] }, 'readers that failed: 1 503'],
  [{ logged: new Map([['refused', 60]]) }, 'log lines: {"refused":60}'],
  [{ logged: new Map([['a user logs in again and again', 123]]) }, 'log lines of storms: 123'],
  [{ exitCode: 1 }, 'exit code 1'],
])('whatever else went wrong is said: %j', (wrong, said) => {
  expect(failed({ ...goodEnd(), ...wrong })).toEqual([`FAILED: ${said}`]);
});
