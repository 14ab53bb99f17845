import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Comparison, type ComparisonParts, type OurEvent } from '../../src/butler-sos/diff/comparison.ts';
import { reportText } from '../../src/butler-sos/diff/report.ts';
import { createBlacklist } from '../../src/contract/blacklist.ts';

const START = Date.parse('2026-11-28T10:00:00Z');
/** Behind the edge. */
const LATER = START + 5_000;

function ours(id: string, more: Partial<OurEvent> = {}): OurEvent {
  const user = { directory: 'LAB', id };
  return { kind: 'session_start', host: 'node1', user, appId: null, at: 'then', reason: null, ...more };
}

function theirs(id: string, more: Readonly<Record<string, string>> = {}): string {
  return JSON.stringify({
    ...{ messageType: 'qseow-proxy-session', host: 'NODE1.acme.com', command: 'Start session' },
    ...{ userDir: 'LAB', userId: id, origin: 'Not available', context: 'Not available' },
    ...{ message: `Start session for user 'LAB\\${id}'.`, tags: {} },
    ...more,
  });
}

function comparing(parts: Partial<ComparisonParts> = {}): Comparison {
  const blacklist = createBlacklist([]);
  return new Comparison({ blacklist, theirRules: null, theirMostAMinute: null, ...parts }, START);
}

const causes = (differences: readonly { readonly cause: string; readonly count: number }[]) =>
  Object.fromEntries(differences.map(({ cause, count }) => [cause, count]));

describe('the comparison with Butler SOS', () => {
  it('finds an event at both, whoever is first, and however host and user are spelt', () => {
    const comparison = comparing();
    comparison.takeOurs(ours('anna'), LATER);
    comparison.takeTheirs(theirs('Anna'), LATER + 9_000);
    comparison.takeTheirs(theirs('bert'), LATER + 10_000);
    comparison.takeOurs(ours('bert'), LATER + 12_000);
    comparison.settle(LATER + 60_000);
    comparison.end(LATER + 60_000);
    expect(comparison.report).toMatchObject({
      ours: 2,
      theirs: 2,
      both: 2,
      missingThere: [],
      missingHere: [],
    });
    expect(Object.fromEntries(comparison.report.hosts)).toEqual({ node1: { ours: 2, theirs: 2, both: 2 } });
  });

  it('tells apps apart, and equal events by their number', () => {
    const app = 'a421f4a2-c311-4ef4-ba41-fe2e6a2b0d69';
    const comparison = comparing();
    const connection = { kind: 'connection_open', appId: app } as const;
    for (let n = 0; n < 3; n += 1) comparison.takeOurs(ours('anna', connection), LATER);
    const message = {
      ...{ messageType: 'qseow-proxy-connection', command: 'Open connection', origin: 'AppAccess' },
      ...{ context: `/app/${app.toUpperCase()}?x`, message: "App connection Opened for session 'x'" },
    };
    for (let n = 0; n < 2; n += 1) comparison.takeTheirs(theirs('anna', message), LATER + 1);
    comparison.takeTheirs(theirs('anna', { ...message, context: '/app/other' }), LATER + 1);
    comparison.settle(LATER + 60_000);
    const { both, missingThere, missingHere } = comparison.report;
    expect([both, causes(missingThere), causes(missingHere)]).toEqual([2, { lost: 1 }, { lost: 1 }]);
  });

  it('says why Butler SOS has not published an event', () => {
    const comparison = comparing({
      theirRules: [{ directory: 'LAB', userId: 'svc' }],
      theirMostAMinute: 1_000,
    });
    comparison.takeTheirs(theirs('anna'), LATER);
    comparison.takeOurs(ours('anna'), LATER);
    comparison.takeOurs(ours('svc'), LATER);
    // It compares letter by letter.
    comparison.takeOurs(ours('SVC'), LATER + 5_000);
    comparison.takeOurs(ours('bert', { host: 'node2' }), LATER + 5_000);
    for (let n = 0; n < 200; n += 1) comparison.takeOurs(ours(`burst${n}`), LATER + 20_000);
    for (let n = 0; n < 1_500; n += 1) comparison.takeOurs(ours(`flood${n}`), LATER + 90_000 + n * 20);
    comparison.settle(LATER + 200_000);
    expect(causes(comparison.report.missingThere)).toEqual({
      ...{ excluded: 1, lost: 1 + 1_000, no_host: 1, burst: 200, rate_limit: 500 },
    });
    const text = reportText(comparison.report, 60_000);
    expect(text).toContain('Not published by Butler SOS: 1703');
    expect(text).toMatch(/200 {2}among 180 or more within a second/);
    expect(text).toMatch(/1 {2}its blacklist/);
  });

  it('says why Headcount has not taken a message', () => {
    const comparison = comparing({ blacklist: createBlacklist([{ directory: 'lab', userId: 'svc*' }]) });
    comparison.takeTheirs(theirs('SVC_1'), LATER);
    comparison.takeTheirs(theirs('anna', { command: 'Do something' }), LATER);
    comparison.takeTheirs(theirs('bert'), LATER);
    comparison.takeOurs(ours('bert'), LATER);
    comparison.takeTheirs(theirs('bert', { messageType: 'qseow-proxy-connection' }), LATER + 100);
    comparison.takeTheirs(theirs('carl'), LATER);
    comparison.settle(LATER + 60_000);
    const { missingHere, both } = comparison.report;
    expect([both, causes(missingHere)]).toEqual([1, { excluded: 1, refused: 1, twice: 1, lost: 1 }]);
    expect(missingHere.find(({ cause }) => cause === 'refused')?.samples).toEqual([
      'unknown_command: LAB\\anna',
    ]);
  });

  it('says what Butler SOS publishes and does not store, and what it cuts', () => {
    const comparison = comparing();
    comparison.takeTheirs(theirs('anna', { origin: '' }), LATER);
    comparison.takeTheirs(theirs('bert', { message: 'm'.repeat(1_000) }), LATER);
    for (const id of ['anna', 'bert']) comparison.takeOurs(ours(id), LATER);
    expect(comparison.report).toMatchObject({ both: 2, notInInflux: { origin: 1 }, cut: 1 });
    expect(reportText(comparison.report, 1)).toContain('1 with an empty origin');
  });

  it('reads fields that a semicolon has shifted there as the line that they were', () => {
    const comparison = comparing();
    const shifted = {
      ...{ userId: 'a', origin: 'b', context: 'Not available' },
      message: "/hub;Start session for user 'LAB\\a;b'",
    };
    comparison.takeTheirs(theirs('', shifted), LATER);
    comparison.takeOurs(ours('a;b'), LATER);
    expect(comparison.report).toMatchObject({ both: 1 });
  });

  it('compares nothing that Butler SOS never hears of, and none of our own messages', () => {
    const comparison = comparing();
    comparison.takeOurs(ours('anna', { kind: 'session_rejected', reason: 'denied' }), LATER);
    comparison.takeOurs(ours('anna', { reason: 'snapshot' }), LATER);
    comparison.takeTheirs(theirs('anna', { at: '2026-11-28T10:00:00Z', id: 'x' }), LATER);
    for (const text of ['', '[]', 'null', '{"a":1}', 'no JSON']) comparison.takeTheirs(text, LATER);
    comparison.settle(LATER + 60_000);
    expect(comparison.report).toMatchObject({ ours: 0, theirs: 0, notCompared: 2, own: 1, missingThere: [] });
  });

  it('decides nothing at its edges, nor while one of both is away', () => {
    const comparison = comparing();
    comparison.takeOurs(ours('early'), START + 100);
    comparison.settle(START + 60_000);
    comparison.takeOurs(ours('before'), START + 60_000);
    comparison.away('theirs');
    comparison.settle(START + 90_000);
    comparison.takeOurs(ours('meanwhile'), START + 90_000);
    comparison.back('theirs', START + 95_000);
    comparison.takeOurs(ours('missed'), START + 100_000);
    comparison.takeTheirs(theirs('late'), START + 108_000);
    comparison.end(START + 110_000);
    const { undecided, missingThere } = comparison.report;
    expect([undecided, causes(missingThere)]).toEqual([4, { lost: 1 }]);
  });

  it('loses nothing from its books, in any order', () => {
    const step = fc.record({
      id: fc.constantFrom('a', 'b', 'c'),
      isOurs: fc.boolean(),
      afterMs: fc.nat(6_000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const comparison = comparing();
        let now = START;
        for (const { id, isOurs, afterMs } of steps) {
          now += afterMs;
          if (isOurs) comparison.takeOurs(ours(id), now);
          else comparison.takeTheirs(theirs(id), now);
          comparison.settle(now);
        }
        comparison.end(now);
        const { ours: all, theirs: told, both, undecided, missingThere, missingHere } = comparison.report;
        const sum = (list: readonly { readonly count: number }[]) =>
          list.reduce((n, { count }) => n + count, 0);
        expect(all + told).toBe(2 * both + undecided + sum(missingThere) + sum(missingHere));
      }),
    );
  });
});
