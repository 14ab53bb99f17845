import { beforeEach, describe, expect, it } from 'vitest';
import { pipelineUnderTest } from '../intake/pipeline-under-test.ts';
import { SETTINGS } from './model/event-arbitrary.ts';
import { NODE, NODE_AGAIN } from './numbered-lines.ts';

const START = Date.UTC(2026, 0, 5, 8);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const APP = 'a421f4a2-c311-4ef4-ba41-fe2e6a2b0d01';

let under: ReturnType<typeof pipelineUnderTest>;
let now: number;
/** How far the clock of the node is behind. */
let behindMs: number;
/** Clocks that were told of. */
let told: [host: string, offsetMs: number][];
beforeEach(() => {
  under = pipelineUnderTest();
  now = START;
  behindMs = 0;
  told = [];
  under.site.clocks.onOffset = (...offset) => told.push(offset);
  under.site.tick(now);
});

type Command = 'Start session' | 'Stop session' | 'Open connection' | 'Close connection';

/** A line of the own layout, as `node1` sends it. */
function says(row: number, command: Command, user: string, sender = NODE): void {
  const time = new Date(now - behindMs).toISOString().replaceAll('-', '').replaceAll(':', '');
  const context = command.endsWith('connection') ? `/app/${APP}` : 'Not available';
  const line = `/headcount/2;${row};${time};node1;${command};0;key-${user};1;1;Not available;;LAB;${user};${context};x`;
  under.pipeline.receive(Buffer.from(line), sender, now);
  under.pipeline.work();
}

function works(firstRow: number, ...users: string[]): void {
  for (const [place, user] of users.entries()) {
    says(firstRow + 2 * place, 'Start session', user);
    says(firstRow + 2 * place + 1, 'Open connection', user);
  }
}

/** Time passes, nine seconds at a time. */
function pass(ms: number): void {
  for (const end = now + ms; now < end; ) {
    now = Math.min(end, now + 9 * SECOND);
    under.site.tick(now);
  }
}

const said = () => ({ ...under.site.quality.at(now), sessions: under.site.counts.sessions });
const ends = () =>
  under.store.applied.map(({ session }) => session?.endReason ?? null).filter((reason) => reason !== null);

describe('a Stop that is lost', () => {
  it('makes an estimate for as long as the session of it is counted', () => {
    works(1, 'z1');
    // 3 and 4, Close and Stop, are lost.
    says(5, 'Start session', 'z2');
    says(6, 'Stop session', 'z2');
    expect(said()).toMatchObject({
      quality: 'estimated',
      reasons: ['gap'],
      bounds: { sessions: { low: 0 } },
    });
    pass(HOUR);
    expect(said()).toMatchObject({ sessions: 1, quality: 'estimated', reasons: ['gap'] });
    pass(23 * HOUR + MINUTE);
    expect(said()).toMatchObject({ sessions: 0, quality: 'estimated' });
    pass(5 * MINUTE);
    expect(said()).toMatchObject({ sessions: 0, quality: 'exact', reasons: [] });
  });
});

describe('what is found to be lost only later', () => {
  it('makes an estimate of the night in which nobody missed the line', () => {
    works(1, 'z1');
    const asOf = (moment: number, host: string | null = null) => under.site.qualityOf(moment, now, host);
    pass(MINUTE);
    const lastAt = now;
    // 5 is lost. Nobody knows yet.
    pass(8 * HOUR);
    expect(asOf(now - 4 * HOUR)).toEqual({ quality: 'exact', reasons: [] });
    says(6, 'Start session', 'z2');
    pass(10 * SECOND);
    for (const host of [null, 'node1'])
      expect(asOf(now - 4 * HOUR, host)).toEqual({ quality: 'estimated', reasons: ['gap'] });
    expect(asOf(lastAt - MINUTE - SECOND).reasons).not.toContain('gap');
  });

  it('is one of the time before a counter that began again, on that host alone', () => {
    works(1, 'z1');
    const from = now;
    pass(2 * HOUR);
    says(1, 'Start session', 'z2', NODE_AGAIN);
    expect(under.site.qualityOf(from + HOUR, now, 'node1')).toEqual({
      quality: 'estimated',
      reasons: ['restart'],
    });
    expect(under.site.qualityOf(from + HOUR, now, 'node2').reasons).toEqual([]);
  });
});

describe('people who leave while Headcount does not run', () => {
  it('are counted as doubtful until the maximal age ends their sessions', () => {
    works(1, 'p0', 'p1', 'p2');
    under.site.tracker.restarted(now, now + MINUTE);
    now += MINUTE;
    pass(2 * HOUR);
    expect(said()).toMatchObject({
      sessions: 3,
      quality: 'estimated',
      reasons: ['downtime'],
      bounds: { sessions: { low: 0, high: null }, users: { low: 0, high: null } },
    });
    pass(22 * HOUR + 7 * MINUTE);
    expect(said()).toMatchObject({ sessions: 0, quality: 'exact' });
  });
});

describe('a proxy that restarts while people have apps open', () => {
  beforeEach(() => {
    works(1, 'p0', 'p1');
    pass(MINUTE);
    for (const [place, command] of (['Start session', 'Stop session'] as const).entries()) {
      says(1 + place, command, 'q0', NODE_AGAIN);
    }
  });

  it('ends their sessions one time-out later', () => {
    expect(said()).toMatchObject({ sessions: 2, quality: 'estimated', reasons: ['restart'] });
    pass(SETTINGS.timeoutMs + SETTINGS.graceMs);
    expect(said().sessions).toBe(2);
    pass(SECOND);
    expect(said()).toMatchObject({ sessions: 0, reasons: ['restart'] });
    expect(ends().filter((reason) => reason === 'restart')).toHaveLength(4);
  });

  it('ends no session of which a line comes after it', () => {
    says(3, 'Open connection', 'p0', NODE_AGAIN);
    pass(HOUR);
    expect(said()).toMatchObject({ sessions: 1, bounds: { sessions: { low: 1, high: 2 } } });
  });

  it('that was none is taken back by a later line', () => {
    pass(HOUR);
    expect(said().bounds.sessions).toEqual({ low: 0, high: 2 });
    says(3, 'Open connection', 'p0', NODE_AGAIN);
    expect(said()).toMatchObject({ sessions: 1, bounds: { sessions: { low: 1, high: 2 } } });
  });
});

describe('a second appender of a node', () => {
  it('ends no session, and is no reason once lines have shown that they are on', () => {
    works(5_001, 'p0');
    pass(SECOND);
    says(1, 'Start session', 'q0', NODE_AGAIN);
    expect(said().reasons).toEqual(['restart']);
    pass(SECOND);
    says(5_003, 'Open connection', 'p0');
    pass(HOUR);
    expect(said()).toMatchObject({ quality: 'exact', reasons: [] });
    expect(under.site.counts.connections).toBe(2);
  });
});

describe('a node whose clock is 40 minutes behind', () => {
  beforeEach(() => {
    behindMs = 40 * MINUTE;
  });

  it('keeps whoever logs in there', () => {
    says(1, 'Start session', 'p0');
    says(2, 'Start session', 'p1');
    pass(30 * MINUTE);
    expect(said()).toMatchObject({ sessions: 2, quality: 'estimated', reasons: ['clock'] });
    pass(6 * MINUTE);
    expect(said().sessions).toBe(0);
  });

  it('makes estimates until the offset is known, and none by that from then on', () => {
    works(1, 'p0', 'p1');
    pass(31 * SECOND);
    says(5, 'Start session', 'p2');
    pass(28 * SECOND);
    says(6, 'Start session', 'p3');
    expect(said()).toMatchObject({
      quality: 'estimated',
      reasons: ['clock'],
      bounds: { sessions: { high: null } },
    });
    pass(2 * SECOND);
    says(7, 'Start session', 'p4');
    expect(said()).toMatchObject({ sessions: 5, quality: 'exact', reasons: [] });
    for (const [place, command] of (['Close connection', 'Stop session'] as const).entries())
      says(8 + place, command, 'p0');
    expect(said()).toMatchObject({ sessions: 4, quality: 'exact', reasons: [] });
    // Until it is set again, and nobody knows what it shows.
    behindMs = 50 * MINUTE;
    pass(31 * SECOND);
    says(10, 'Start session', 'p5');
    expect(said()).toMatchObject({ quality: 'estimated', reasons: ['clock'] });
  });

  it('gets its times corrected once the offset is known, and is told of once an hour', () => {
    says(1, 'Start session', 'p0');
    for (let row = 2; row <= 250; row += 1) {
      pass(30 * SECOND);
      says(row, 'Start session', `p${row}`);
    }
    const last = under.store.events.at(-1);
    expect(last).toMatchObject({ at: now, originalAt: now - behindMs, timed: true });
    expect(under.store.events[0]).toMatchObject({ at: START - behindMs, originalAt: null });
    expect(under.site.identities.host('node1').clock?.offsetMs).toBe(behindMs);
    expect(told).toEqual([
      ['node1', behindMs],
      ['node1', behindMs],
      ['node1', behindMs],
    ]);
    // Its counts are right for all that.
    const { sessions } = under.site.counts;
    expect(said()).toMatchObject({
      quality: 'exact',
      bounds: { sessions: { low: sessions, high: sessions } },
    });
    behindMs = 0;
    says(251, 'Start session', 'q0');
    expect(said()).toMatchObject({ quality: 'exact', reasons: [] });
  });
});

describe('lines that a relay held back', () => {
  it('are no clock: the counts are estimates until a line comes in time', () => {
    says(1, 'Start session', 'p0');
    says(2, 'Start session', 'p1');
    pass(HOUR);
    // Each second a minute of the queue comes.
    for (let minute = 1; minute <= 55; minute += 1) {
      behindMs = (60 - minute) * MINUTE;
      pass(2 * SECOND);
      says(2 + minute, 'Start session', `q${minute}`);
      expect(said()).toMatchObject({ reasons: ['clock'], bounds: { sessions: { low: 0, high: null } } });
    }
    behindMs = 0;
    pass(MINUTE);
    says(58, 'Start session', 'r0');
    expect(said()).toMatchObject({ quality: 'exact', reasons: [] });
    expect(told).toEqual([]);
  });
});
