import { beforeEach, describe, expect, it } from 'vitest';
import type { Kind, UserEvent } from '../../src/contract/event.ts';
import type { QualityReason } from '../../src/contract/quality.ts';
import { Site } from '../../src/sessions/site.ts';
import { EPOCH, SETTINGS } from './model/event-arbitrary.ts';
import { NODE } from './numbered-lines.ts';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
/** So long a loss matters. */
const MATTERS_MS = SETTINGS.maxAgeMs + SETTINGS.graceMs;

let site: Site;
let seq: number;
beforeEach(() => {
  site = new Site(SETTINGS);
  seq = 0;
  for (const host of ['node1', 'node2'])
    for (const row of [1, 2]) says(host, row, 'session_start', 'nobody', 1);
});

/** A numbered line at the beginning, or later. */
function says(host: string, rowNumber: number | null, kind: Kind, id: string, result = 0, now = EPOCH): void {
  const isOfApp = kind === 'connection_open' || kind === 'connection_close';
  const event: UserEvent = {
    kind,
    at: now,
    originalAt: null,
    timed: true,
    receivedAt: now,
    host,
    user: { directory: 'LAB', id },
    origin: null,
    context: null,
    appId: isOfApp ? 'app' : null,
    virtualProxy: null,
    sessionKey: null,
    rowNumber,
    result,
    userAgent: null,
    message: null,
    reason: null,
    eventId: null,
  };
  if (site.lostLines.note(event, NODE)) site.counterBeganAgain(event);
  seq += 1;
  site.apply(event, seq);
}

function of(name: string, now: number) {
  return site.quality.ofHost(site.identities.host(name), now);
}

/** Three users with an app open on the first node, one without on the second. */
function threeAndOne(): void {
  for (const [place, id] of ['anna', 'bert', 'carl'].entries()) {
    says('node1', 3 + 2 * place, 'session_start', id);
    says('node1', 4 + 2 * place, 'connection_open', id);
  }
  says('node2', 3, 'session_start', 'dora');
}

const range = (low: number, high: number | null) => ({ low, high });

it('is exact where every line is accounted for, and the bounds are the counts', () => {
  threeAndOne();
  expect(site.quality.at(EPOCH)).toEqual({
    quality: 'exact',
    reasons: [],
    bounds: { sessions: range(4, 4), users: range(4, 4) },
  });
  expect(of('node1', EPOCH).bounds).toEqual({ sessions: range(3, 3), users: range(3, 3) });
});

it('is exact for a site of which no host is known yet', () => {
  expect(new Site(SETTINGS).quality.at(EPOCH).quality).toBe('exact');
});

describe.each<[QualityReason, cause: () => void, ofEveryHost: boolean]>([
  ['warming_up', () => site.losses.begin(EPOCH), true],
  ['downtime', () => site.tracker.restarted(EPOCH - HOUR, EPOCH), true],
  ['drops', () => site.losses.touchAll('drops', EPOCH, 3), true],
  ['gap', () => site.losses.touch(site.identities.host('node1'), 'gap', EPOCH, 2), false],
  ['restart', () => site.losses.touch(site.identities.host('node1'), 'restart', EPOCH, 0), false],
  ['clock', () => site.losses.touch(site.identities.host('node1'), 'clock', EPOCH, 1), false],
])('%s', (reason, cause, ofEveryHost) => {
  it('makes estimates until whoever was missed can no longer be on, over all and of the host', () => {
    cause();
    for (const now of [EPOCH, EPOCH + MATTERS_MS]) {
      expect(site.quality.at(now)).toMatchObject({ quality: 'estimated', reasons: [reason] });
      expect(of('node1', now)).toMatchObject({ quality: 'estimated', reasons: [reason] });
      expect(of('node2', now).quality).toBe(ofEveryHost ? 'estimated' : 'exact');
    }
    expect(site.quality.at(EPOCH + MATTERS_MS + 1)).toMatchObject({ quality: 'exact', reasons: [] });
    expect(of('node1', EPOCH + MATTERS_MS + 1)).toMatchObject({ quality: 'exact', reasons: [] });
  });
});

it('says all reasons', () => {
  site.losses.begin(EPOCH);
  site.tracker.restarted(EPOCH - HOUR, EPOCH);
  site.quality.dropped();
  for (const reason of ['gap', 'restart', 'clock'] as const) {
    site.losses.touch(site.identities.host('node1'), reason, EPOCH, 0);
  }
  says('node1', null, 'session_start', 'anna');
  expect(site.quality.at(EPOCH).reasons).toEqual([
    'warming_up',
    'downtime',
    'drops',
    'gap',
    'restart',
    'clock',
    'unnumbered',
  ]);
});

describe('a session', () => {
  const doubtful = () => site.counts.sessions - of('node1', EPOCH + SECOND).bounds.sessions.low;

  beforeEach(() => {
    says('node1', 3, 'session_start', 'anna');
    says('node1', 4, 'connection_open', 'anna');
    site.tracker.restarted(EPOCH - HOUR, EPOCH);
  });

  it('is doubtful from a loss on until a line that can only be its own', () => {
    expect(doubtful()).toBe(1);
    says('node1', 5, 'connection_open', 'anna');
    expect(doubtful()).toBe(0);
  });

  it('stays doubtful through a Close, which may come after the Stop that was lost', () => {
    says('node1', 5, 'connection_close', 'anna');
    expect(doubtful()).toBe(1);
  });

  it('stays doubtful where its user has another one, and lines do not tell whose they are', () => {
    says('node1', 5, 'session_start', 'anna');
    says('node1', 6, 'connection_open', 'anna');
    expect([site.counts.sessions, doubtful()]).toEqual([2, 1]);
  });

  it('leaves its doubt behind where a Stop may be that of the other one', () => {
    says('node1', 5, 'session_start', 'anna');
    says('node1', 6, 'session_stop', 'anna');
    expect([site.counts.sessions, doubtful()]).toEqual([1, 1]);
  });
});

describe('a gap', () => {
  const late = EPOCH + 6 * SECOND;
  beforeEach(() => {
    threeAndOne();
    says('node1', 11, 'session_start', 'nobody', 1);
    for (const now of [EPOCH, late]) site.noteLevels(now);
  });

  it('stays a loss where no session keys tell whose the late lines were', () => {
    for (const row of [9, 10]) says('node1', row, 'session_start', 'nobody', 1);
    expect(of('node1', late)).toMatchObject({ reasons: ['gap'], bounds: { sessions: range(1, 5) } });
  });

  it('is no loss any more once all its lines have come late, where session keys do', () => {
    site.identities.host('node1').keysMatched = true;
    says('node1', 9, 'session_start', 'nobody', 1);
    expect(of('node1', late)).toMatchObject({ quality: 'estimated', reasons: ['gap'] });
    says('node1', 10, 'session_start', 'nobody', 1);
    expect(of('node1', late)).toMatchObject({
      quality: 'exact',
      reasons: [],
      bounds: { sessions: range(3, 3), users: range(3, 3) },
    });
  });
});

describe('the bounds', () => {
  beforeEach(threeAndOne);

  it('go down by no more than the lines that are known to be lost, and up by as many', () => {
    site.losses.touch(site.identities.host('node1'), 'gap', EPOCH, 2);
    expect(of('node1', EPOCH).bounds).toEqual({ sessions: range(1, 5), users: range(1, 5) });
    expect(site.quality.at(EPOCH).bounds).toEqual({ sessions: range(2, 6), users: range(2, 6) });
  });

  it('take in lines that are waited for, before they are given up', () => {
    says('node1', 10, 'session_start', 'nobody', 1);
    expect(of('node1', EPOCH)).toMatchObject({ reasons: ['gap'], bounds: { sessions: range(2, 4) } });
    expect(of('node2', EPOCH).quality).toBe('exact');
  });

  it('have no high end where nobody can know what was opened', () => {
    site.tracker.restarted(EPOCH - HOUR, EPOCH);
    expect(site.quality.at(EPOCH).bounds).toEqual({ sessions: range(0, null), users: range(0, null) });
    says('node1', 9, 'connection_open', 'anna');
    expect(site.quality.at(EPOCH).bounds.users).toEqual(range(1, null));
  });

  it('hold those whom a restart of the proxy has ended for us, in case it was none', () => {
    says('node1', 1, 'session_start', 'nobody', 1, EPOCH + HOUR);
    site.tick(EPOCH + HOUR);
    expect(of('node1', EPOCH + HOUR).bounds.sessions).toEqual(range(0, 3));
    const over = EPOCH + HOUR + SETTINGS.timeoutMs + SETTINGS.graceMs + 1;
    // As if it had ticked each second.
    site.tracker.sweptAt = null;
    site.tick(over);
    expect(site.identities.host('node1').openSessions).toBe(0);
    expect(of('node1', over)).toMatchObject({ reasons: ['restart'], bounds: { sessions: range(0, 3) } });
    says('node1', 2, 'connection_open', 'bert', 0, over);
    expect(of('node1', over).bounds.sessions).toEqual(range(1, 3));
  });
});

describe('a host whose lines carry no proven numbers', () => {
  it('is unverified as long as one may be on, and nobody knows how many', () => {
    says('node1', null, 'session_start', 'anna');
    expect(of('node1', EPOCH)).toEqual({
      quality: 'unverified',
      reasons: ['unnumbered'],
      bounds: { sessions: range(1, null), users: range(1, null) },
    });
    expect(of('node1', EPOCH + SETTINGS.maxAgeMs + 1).quality).toBe('exact');
  });

  it('is unverified while two numbers in a row have yet to come', () => {
    says('node3', 7, 'session_start', 'anna');
    expect(of('node3', EPOCH).reasons).toEqual(['unnumbered']);
    says('node3', 8, 'session_stop', 'anna');
    expect(of('node3', EPOCH).quality).toBe('exact');
  });
});

describe('complete snapshots of a host', () => {
  it('make good what was lost before them, and what its lines cannot show', () => {
    const host = site.identities.host('node1');
    says('node1', null, 'session_start', 'anna');
    site.losses.touch(host, 'gap', EPOCH, 2);
    host.reconciledAt = EPOCH;
    host.reconcileIntervalMs = 30 * SECOND;
    expect(of('node1', EPOCH + 59 * SECOND)).toMatchObject({ quality: 'reconciled', reasons: [] });
    expect(of('node1', EPOCH + 60 * SECOND).quality).toBe('unverified');
    site.losses.touch(host, 'gap', EPOCH + SECOND, 2);
    expect(of('node1', EPOCH + SECOND)).toMatchObject({ quality: 'reconciled', reasons: [] });
  });

  it('have not made good what was lost since, and the bounds say so', () => {
    const host = site.identities.host('node1');
    says('node1', null, 'session_start', 'anna');
    host.reconciledAt = EPOCH;
    host.reconcileIntervalMs = 30 * SECOND;
    site.losses.touch(host, 'gap', EPOCH + SECOND, 2);
    expect(of('node1', EPOCH + SECOND).bounds.sessions).toEqual({ low: 0, high: 3 });
    expect(of('node1', EPOCH + 60 * SECOND)).toMatchObject({ quality: 'estimated' });
  });
});
