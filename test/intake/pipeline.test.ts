import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBlacklist } from '../../src/contract/blacklist.ts';
import type { User } from '../../src/contract/event.ts';
import { HEARTBEAT } from '../../src/formats/index.ts';
import { eventAt } from './event-under-test.ts';
import { datagram } from './hostile-datagrams.ts';
import { identityHolds, pipelineUnderTest } from './pipeline-under-test.ts';

const sender = { address: '192.0.2.1', port: 4242 };
const START = Date.UTC(2026, 0, 5, 8);
const line = (command: string, user: string, prefix = 'session') =>
  `/qseow-proxy-${prefix}/;node1;${command};LAB;${user};Not available;Not available;text of ${user}`;

const user = (id: string) => ({ user: { directory: 'LAB', id } });

function give(pipeline: ReturnType<typeof pipelineUnderTest>['pipeline'], text: string, at = START): void {
  pipeline.receive(Buffer.from(text), sender, at);
}

describe('the pipeline', () => {
  it('accounts for every message whatever it holds, and never counts below zero', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(datagram(), { maxLength: 60 }), async (datagrams) => {
        const { pipeline, site, store } = pipelineUnderTest([{ directory: 'LAB', userId: 'bert' }]);
        for (const [n, bytes] of datagrams.entries()) {
          pipeline.receive(bytes, sender, START + n);
          expect(identityHolds(pipeline)).toBe(true);
          if (n % 7 === 0) pipeline.work();
        }
        pipeline.work();
        expect(identityHolds(pipeline)).toBe(true);
        await store.committed();
        expect(pipeline.inFlight).toBe(0);
        expect(identityHolds(pipeline)).toBe(true);
        const { sessions, users, connections, connectedUsers } = site.counts;
        expect(Math.min(sessions, users, connections, connectedUsers)).toBeGreaterThanOrEqual(0);
        expect(site.series.totals.created - site.series.totals.destroyed).toBe(sessions);
      }),
      { numRuns: 300 },
    );
  });

  it('counts one event that left through both appenders once, in either order, but not two equal events', () => {
    const { pipeline, site } = pipelineUnderTest();
    give(pipeline, line('Start session', 'both'));
    give(pipeline, line('Start session', 'both', 'connection'));
    give(pipeline, line('Start session', 'htob', 'connection'));
    give(pipeline, line('Start session', 'htob'));
    give(pipeline, line('Start session', 'twice'));
    give(pipeline, line('Start session', 'twice'));
    pipeline.work();
    expect(pipeline.counters.duplicates).toBe(2);
    expect(site.counts.sessions).toBe(4);
  });

  it('takes the second copy for an event of its own when it is late, or comes from elsewhere, or a third one comes', () => {
    const { pipeline } = pipelineUnderTest();
    give(pipeline, line('Start session', 'late'));
    give(pipeline, line('Start session', 'late', 'connection'), START + 2_001);
    give(pipeline, line('Start session', 'other'));
    pipeline.receive(
      Buffer.from(line('Start session', 'other', 'connection')),
      { address: '192.0.2.2', port: 1 },
      START,
    );
    give(pipeline, line('Start session', 'third'), START);
    give(pipeline, line('Start session', 'third', 'connection'), START);
    give(pipeline, line('Start session', 'third', 'connection'), START);
    pipeline.work();
    expect(pipeline.counters.duplicates).toBe(1);
  });

  it('knows a line of its own layout again, by UDP or through a relay', () => {
    const { pipeline } = pipelineUnderTest();
    const own =
      '/headcount/2;7;20260105T080000.000+0000;node1;Start session;0;c0de1;p;r;Not available;(null);LAB;carl;Not available;x';
    give(pipeline, own);
    give(pipeline, own);
    give(pipeline, `<14>relay: ${own}`);
    pipeline.work();
    expect(pipeline.counters.duplicates).toBe(2);
  });

  it('puts the events of one turn into the order of their event times', () => {
    const { pipeline, store } = pipelineUnderTest();
    const own = (n: number, seconds: string, command: string) =>
      `/headcount/2;${n};20260105T0800${seconds}.000+0000;node1;${command};0;(null);p;r;Not available;(null);LAB;carl;Not available;x`;
    give(pipeline, own(2, '09', 'Stop session'));
    give(pipeline, own(1, '01', 'Start session'));
    pipeline.work();
    expect(store.events.map((event) => event.kind)).toEqual(['session_start', 'session_stop']);
    expect(store.applied.map(({ outcome }) => outcome)).toEqual(['applied', 'applied']);
  });

  it('counts a heartbeat as what it is, on the way of lines, and takes it for nothing else', () => {
    const { pipeline, store } = pipelineUnderTest();
    give(pipeline, `${HEARTBEAT}doctor`);
    give(pipeline, `x${HEARTBEAT}doctor`);
    pipeline.work();
    expect(pipeline.counters).toMatchObject({ received: 2, heartbeats: 1, accepted: 0, duplicates: 0 });
    expect([store.events.length, [...pipeline.counters.refused]]).toEqual([0, [['unknown_format', 1]]]);
  });

  it('knows which rules were about somebody, also across a reload that leaves them', () => {
    const { pipeline } = pipelineUnderTest([
      { directory: 'internal' },
      { directory: 'LAB', userId: 'svc_*' },
    ]);
    const seen = () => pipeline.rulesSeen.map(([, isSeen]) => isSeen);
    give(pipeline, '/qseow-proxy-session/;node1;Start session;INTERNAL;sa_api;Not available;Not available;x');
    give(pipeline, line('Start session', 'anna'));
    pipeline.work();
    expect(seen()).toEqual([true, false]);
    const rules = [
      { directory: 'LAB', userId: 'svc_*' },
      { directory: '*', userId: 'sa_api' },
      { directory: 'internal' },
    ];
    pipeline.replaceBlacklist(createBlacklist(rules), START + 1);
    expect(seen()).toEqual([false, false, true]);
    give(pipeline, '/qseow-proxy-session/;node1;Start session;INTERNAL;SA_API;Not available;Not available;x');
    give(pipeline, line('Start session', 'svc_x'));
    pipeline.work();
    expect(seen()).toEqual([true, true, true]);
  });

  it('drops excluded users before anything is counted, and hides their sessions when they become excluded', () => {
    const { pipeline, site } = pipelineUnderTest([{ directory: 'internal' }]);
    give(pipeline, '/qseow-proxy-session/;node1;Start session;INTERNAL;sa_api;Not available;Not available;x');
    give(pipeline, line('Start session', 'anna'));
    pipeline.work();
    expect([pipeline.counters.excluded, site.counts.users]).toEqual([1, 1]);
    pipeline.replaceBlacklist({ excludes: (user) => user?.id === 'anna', rules: [], size: 1 }, START + 1);
    expect([site.counts.users, site.windows(START + 1).destroyed.total]).toEqual([0, 1]);
  });

  it('shows sessions again whose users are no longer excluded, doubtful only where lines of them were left out', () => {
    const { pipeline, site } = pipelineUnderTest();
    for (const user of ['anna', 'bert', 'carl']) give(pipeline, line('Start session', user));
    const isExcluded = (user: User | null) => user?.id === 'anna' || user?.id === 'bert';
    pipeline.replaceBlacklist({ excludes: isExcluded, rules: [], size: 2 }, START + 1);
    give(pipeline, line('Open connection', 'bert', 'connection'), START + 2);
    give(pipeline, line('Open connection', 'bert', 'connection'), START + 2);
    pipeline.work();
    expect([site.counts.users, site.counts.hidden.sessions]).toEqual([1, 2]);
    pipeline.replaceBlacklist({ excludes: () => false, rules: [], size: 0 }, START + 3);
    expect([site.counts.users, site.counts.doubt.users, site.windows(START + 3).destroyed.total]).toEqual([
      3, 2, 0,
    ]);
    const [host] = site.identities.hosts.values();
    expect(host?.losses).toMatchObject([{ reason: 'excluded', lines: 2, to: START + 3 }]);
    expect(site.quality.at(START + 3).reasons).toContain('excluded');
    give(pipeline, line('Open connection', 'bert', 'connection'), START + 4);
    pipeline.work();
    expect(site.counts.doubt.users).toBe(3);
  });

  it('does not know what it missed of more excluded users than it can count: then everybody is in doubt', () => {
    const { pipeline, site } = pipelineUnderTest([{ directory: 'LAB', userId: 'x*' }]);
    give(pipeline, line('Start session', 'anna'));
    for (let n = 0; n <= 10_000; n += 1) give(pipeline, line('Start session', `x${n}`));
    pipeline.replaceBlacklist({ excludes: () => false, rules: [], size: 0 }, START + 3);
    expect([site.counts.users, site.counts.doubt.users]).toEqual([1, 0]);
    expect(site.losses.everywhere).toMatchObject([{ reason: 'excluded', lines: null }]);
  });

  it('refuses what would be too much while the journal is full, and says so in counts', () => {
    const { pipeline, store } = pipelineUnderTest();
    store.full = true;
    give(pipeline, line('Start session', 'anna'));
    pipeline.work();
    expect(pipeline.counters.refused.get('journal_full')).toBe(1);
    expect(identityHolds(pipeline)).toBe(true);
  });

  it('takes more at once than it has memory for: what came before is worked off, and nothing is refused', () => {
    const { pipeline, store } = pipelineUnderTest();
    const long = 'x'.repeat(60_000);
    // 18 MB.
    for (let n = 0; n < 300; n += 1) give(pipeline, line('Start session', `user${n}`) + long);
    pipeline.work();
    expect(Object.fromEntries(pipeline.counters.refused)).toEqual({});
    expect(store.events.map(({ user }) => user?.id)).toEqual(
      Array.from({ length: 300 }, (_, n) => `user${n}`),
    );
  });

  it('refuses one message that is larger than its memory, and takes the next', () => {
    const { pipeline, store } = pipelineUnderTest();
    pipeline.receive(Buffer.alloc(16 * 1_048_576 + 1, 'x'), sender, START);
    give(pipeline, line('Start session', 'anna'));
    pipeline.work();
    expect(Object.fromEntries(pipeline.counters.refused)).toEqual({ oversize: 1 });
    expect(store.events).toHaveLength(1);
    expect(identityHolds(pipeline)).toBe(true);
  });

  it('keeps the order in which things came: what waits to be worked off is before what is submitted', async () => {
    const { pipeline, store } = pipelineUnderTest();
    give(pipeline, line('Start session', 'first'));
    const second = eventAt('session_start', START, user('second'));
    expect(await pipeline.submit([second])).toEqual([{ status: 'accepted' }]);
    expect(store.events.map((event) => event.user?.id)).toEqual(['first', 'second']);
    expect(identityHolds(pipeline)).toBe(true);
  });

  it('tells of each submitted item what became of it, in their order', async () => {
    const { pipeline, store, site } = pipelineUnderTest([{ directory: 'INTERNAL' }]);
    const anna = eventAt('session_start', START, { eventId: 'one' });
    const outcomes = await pipeline.submit([
      anna,
      { ...anna },
      'heartbeat',
      { refused: 'no_host', sample: 'x' },
      eventAt('session_start', START, { user: { directory: 'internal', id: 'sa' } }),
      eventAt('session_stop', START - 1, user('bert')),
    ]);
    expect(outcomes).toEqual([
      { status: 'accepted' },
      { status: 'duplicate' },
      { status: 'heartbeat' },
      { status: 'refused', reason: 'no_host' },
      { status: 'excluded' },
      { status: 'accepted' },
    ]);
    expect(store.events.map(({ kind }) => kind)).toEqual(['session_stop', 'session_start']);
    expect([site.counts.sessions, pipeline.counters.received, pipeline.counters.accepted]).toEqual([1, 6, 2]);
    expect(identityHolds(pipeline)).toBe(true);
  });

  it('counts what a receiver refuses, with its reason, and says so', () => {
    const { pipeline, troubles } = pipelineUnderTest();
    for (const reason of ['no_frame_length', 'no_frame_length', 'too_slow'])
      pipeline.refuse(reason, 'tcp: a frame');
    expect(Object.fromEntries(pipeline.counters.refused)).toEqual({ no_frame_length: 2, too_slow: 1 });
    expect([pipeline.counters.received, troubles.length]).toEqual([3, 3]);
    expect(identityHolds(pipeline)).toBe(true);
  });

  it('takes what comes while the journal is behind, and says that whoever can wait should', () => {
    const { pipeline, store } = pipelineUnderTest();
    const receive = () => pipeline.receive(Buffer.from(line('Start session', 'anna')), sender, START);
    store.mostWaiting = 3;
    expect([receive(), receive()]).toEqual([true, true]);
    pipeline.work();
    expect(receive()).toBe(false);
    pipeline.work();
    expect([receive(), store.events.length]).toEqual([false, 3]);
  });

  it('says so, too, when what has come and was not worked on yet makes up the rest', () => {
    const { pipeline, store } = pipelineUnderTest();
    store.mostWaiting = 3;
    const receive = () => pipeline.receive(Buffer.from(line('Start session', 'anna')), sender, START);
    expect([receive(), receive(), receive(), store.events.length]).toEqual([true, true, false, 0]);
  });

  it('is drained when everything that was received is on the disk', async () => {
    const { pipeline, store } = pipelineUnderTest();
    give(pipeline, line('Start session', 'anna'));
    await pipeline.drained();
    expect([store.events.length, pipeline.inFlight, pipeline.counters.accepted]).toEqual([1, 0, 1]);
  });

  it('judges a line by the blacklist of the moment at which it came', () => {
    const { pipeline, store, site } = pipelineUnderTest();
    give(pipeline, line('Start session', 'anna'));
    pipeline.replaceBlacklist({ excludes: (user) => user?.id === 'anna', rules: [], size: 1 }, START + 1);
    give(pipeline, line('Start session', 'anna'));
    pipeline.work();
    expect([pipeline.counters.excluded, store.events.length, site.series.totals.created]).toEqual([1, 1, 1]);
  });

  it('accepts a line of a broken converter, and counts the fault', () => {
    const { pipeline, store, troubles } = pipelineUnderTest();
    give(pipeline, '/qseow-proxy-session/;hostname;Start session;LAB;goran;Not available;Not available;x');
    give(pipeline, line('Start session', 'anna'));
    pipeline.work();
    expect([...pipeline.counters.faults.values()]).toEqual([1]);
    expect(troubles).toEqual([...pipeline.counters.faults.keys()]);
    expect(store.events).toHaveLength(2);
  });

  it('works everything off that has come until its turn, a burst too', () => {
    const { pipeline, pending, store } = pipelineUnderTest();
    for (let n = 0; n < 1_000; n += 1) give(pipeline, line('Start session', `user${n}`));
    expect([pending.length, store.events.length]).toEqual([1, 0]);
    pending.shift()?.();
    expect([pending.length, store.events.length]).toEqual([0, 1_000]);
  });

  it('works a long queue off in several turns, so that requests get theirs, unless somebody needs all of it', () => {
    const { pipeline, pending, store } = pipelineUnderTest();
    for (let n = 0; n < 3_500; n += 1) give(pipeline, line('Start session', `user${n}`));
    pending.shift()?.();
    expect([pending.length, store.events.length, pipeline.inFlight]).toEqual([1, 1_000, 3_500]);
    pending.shift()?.();
    give(pipeline, line('Start session', 'anna'));
    expect([pending.length, store.events.length]).toEqual([1, 2_000]);
    pipeline.work();
    expect(store.events.length).toBe(3_501);
    pending.shift()?.();
    expect([pending.length, store.events.length]).toEqual([0, 3_501]);
    expect(store.events.at(-1)).toMatchObject(user('anna'));
  });
});

describe('row numbers', () => {
  const own = (row: number, user: string, command = 'Start session') =>
    `/headcount/2;${row};20260105T08000${row}.000+0000;node1;${command};0;(null);p;r;x;(null);LAB;${user};x;x`;

  it('of lines that are excluded, doubled or refused are those of lines that came', () => {
    const { pipeline, site } = pipelineUnderTest([{ directory: 'LAB', userId: 'bert' }]);
    give(pipeline, own(1, 'anna'));
    give(pipeline, own(2, 'bert'));
    give(pipeline, own(3, 'anna', 'Fly to the moon'));
    give(pipeline, own(5, 'carl'));
    give(pipeline, own(5, 'carl'));
    give(pipeline, `<14>Jan  5 08:00:04 relay ${own(4, 'anna', 'Fly to the moon')}`);
    pipeline.work();
    site.tick(START + 60_000);
    expect(pipeline.counters).toMatchObject({ duplicates: 1, excluded: 1 });
    expect(Object.fromEntries(pipeline.counters.refused)).toEqual({ unknown_command: 2 });
    expect(site.lostLines.missingOf('node1')).toBe(0);
    give(pipeline, own(7, 'anna'));
    pipeline.work();
    site.tick(START + 60_000);
    expect(site.lostLines.missingOf('node1')).toBe(1);
  });
});

describe('a poll', () => {
  const poll = { host: 'node1', virtualProxy: '/sales', at: START, durationMs: 10 };
  const seen = (id: string, directory: string, user: string) => ({ id, user: { directory, id: user } });
  const sessions = [
    seen('1', 'LAB', 'anna'),
    seen('2', 'lab', 'Anna'),
    { id: '3', user: null },
    seen('4', 'INTERNAL', 'sa_proxy'),
  ];
  const snapshot = {
    ...poll,
    sessions,
    hidden: [seen('5', 'LAB', 'robot')],
    allVirtualProxies: null,
    keepsUsers: true,
  };

  it('is kept without excluded users, and as a whole for those who want it so', async () => {
    const { pipeline, store, taken } = pipelineUnderTest([{ directory: 'internal' }]);
    await taken(pipeline.snapshot(snapshot));
    const seen = sessions.slice(0, 3);
    const unfiltered = [...sessions, ...snapshot.hidden];
    expect(store.polls).toEqual([{ ...poll, error: null, sessions: 3, users: 1, seen, unfiltered }]);
    expect(pipeline.counters.received).toBe(0);
  });

  it('is kept as numbers alone where users are not kept', async () => {
    const { pipeline, store, taken } = pipelineUnderTest([{ directory: 'internal' }]);
    await taken(pipeline.snapshot({ ...snapshot, keepsUsers: false }));
    expect(store.polls).toEqual([
      { ...poll, error: null, sessions: 3, users: 1, seen: [], unfiltered: null },
    ]);
  });

  it('that failed is kept with its reason, cut where a server made it long', () => {
    const { pipeline, store, site } = pipelineUnderTest();
    pipeline.snapshotFailed({ ...poll, error: 'x'.repeat(100_000) });
    const nothing = { sessions: null, users: null, seen: [], unfiltered: null };
    expect(store.polls).toEqual([{ ...poll, error: 'x'.repeat(500), ...nothing }]);
    expect(site.counts.sessions).toBe(0);
  });

  it('is judged by the rules of the moment', async () => {
    const { pipeline, store, taken } = pipelineUnderTest();
    pipeline.replaceBlacklist(createBlacklist([{ directory: 'LAB' }]), START);
    await taken(pipeline.snapshot(snapshot));
    expect(store.polls).toMatchObject([{ sessions: 2, users: 1, seen: [{ id: '3' }, { id: '4' }] }]);
  });
});
