import { describe, expect, it } from 'vitest';
import { parseLine } from '../../src/formats/index.ts';
import type { SimulatedEvent } from '../../src/simulator/line.ts';
import { createRandom, integer } from '../../src/simulator/random.ts';
import { createSimulation } from '../../src/simulator/simulation.ts';
import type { Site } from '../../src/simulator/site.ts';
import { TrackerUnderTest } from '../sessions/tracker-under-test.ts';
import { SETTINGS, takeEvents } from './simulation-under-test.ts';

describe('the truth', () => {
  it('equals a recount of the whole stream at any time', () => {
    const simulation = createSimulation({ ...SETTINGS, virtualProxies: 2 });
    const events = takeEvents(simulation, 12_000);
    const random = createRandom(1);
    const moments = new Set(Array.from({ length: 150 }, () => integer(random, events.length)));
    for (const [n, event] of events.entries()) {
      simulation.truth.apply(event);
      if (!moments.has(n)) continue;
      const at = event.at + integer(random, 2) * 10;
      if ((events[n + 1]?.at ?? at) < at) continue;
      simulation.truth.advance(at);
      expect(simulation.truth.counts()).toEqual(recount(events.slice(0, n + 1), at, simulation.site));
    }
    const { created, destroyed, timedOut, abandoned, active } = simulation.truth.counts();
    expect(created).toBe(destroyed + timedOut + active.sessions);
    expect(Math.min(destroyed, timedOut, abandoned - timedOut, active.connections)).toBeGreaterThan(0);
    expect(simulation.truth.openSessions()).toHaveLength(active.sessions);
  });

  it('leaves out excluded users', () => {
    const simulation = createSimulation({ ...SETTINGS, isExcluded: ({ directory }) => directory !== 'LAB' });
    const events = takeEvents(simulation, 5000);
    for (const event of events) simulation.truth.apply(event);
    const inLab = events.filter(({ user }) => user.directory === 'LAB');
    const at = events.at(-1)?.at ?? 0;
    expect(simulation.truth.counts()).toEqual(recount(inLab, at, simulation.site));
  });

  it.each(['butler-sos', 'headcount'] as const)(
    'is what the tracker finds in the lines (%s layout)',
    (layout) => {
      const simulation = createSimulation({ ...SETTINGS, layout, timeoutMs: 1_800_000 });
      const settings = { timeoutMs: 1_800_000, graceMs: 0, maxAgeMs: 86_400_000 };
      const tracker = new TrackerUnderTest(settings);
      for (const event of takeEvents(simulation, 10_000)) {
        simulation.truth.apply(event);
        const sender = { address: '127.0.0.1', port: 50_000 };
        const line = parseLine(simulation.render(event, event.at).text, { receivedAt: event.at, sender });
        if (typeof line === 'string') throw new Error(line);
        tracker.apply(line);
      }
      const { active, created, destroyed } = tracker.view();
      const truth = simulation.truth.counts();
      expect({ created, destroyed }).toEqual({ created: truth.created, destroyed: truth.destroyed });
      if (layout === 'headcount') expect(active).toEqual(truth.active);
      else expect(active.sessions).toBe(truth.active.sessions);
    },
  );
});

/** The counts in their slowest and most obvious form. */
function recount(events: readonly SimulatedEvent[], at: number, site: Site) {
  const bySession = Map.groupBy(events, ({ sessionKey }) => sessionKey);
  const sessions = [...bySession.values()].map((own) => {
    const last = own.at(-1);
    const closed = new Set(
      own.filter(({ kind }) => kind === 'connection_close').map(({ connection }) => connection),
    );
    const opened = own.filter(({ kind }) => kind === 'connection_open');
    const isStopped = own.some(({ kind }) => kind === 'session_stop');
    const isAbandoned = last?.abandons === true;
    const isTimedOut = isAbandoned && at - last.at > SETTINGS.timeoutMs;
    return {
      ...{ host: last?.host, virtualProxy: last?.virtualProxy },
      ...{ isStopped, isAbandoned, isTimedOut, isOpen: !isStopped && !isTimedOut },
      user: `${last?.user.directory}\\${last?.user.id}`.toLowerCase(),
      connections: opened.filter(({ connection }) => !closed.has(connection)).length,
    };
  });
  const active = (some: readonly (typeof sessions)[number][]) => ({
    sessions: some.length,
    users: new Set(some.map(({ user }) => user)).size,
    connections: some.reduce((sum, { connections }) => sum + connections, 0),
  });
  const open = sessions.filter(({ isOpen }) => isOpen);
  const connected = new Set(open.filter(({ connections }) => connections > 0).map(({ user }) => user));
  return {
    active: { ...active(open), connectedUsers: connected.size },
    created: sessions.length,
    destroyed: sessions.filter(({ isStopped }) => isStopped).length,
    abandoned: sessions.filter(({ isAbandoned }) => isAbandoned).length,
    timedOut: sessions.filter(({ isTimedOut }) => isTimedOut).length,
    crashed: 0,
    perHost: Object.fromEntries(
      site.hosts.map((host) => [host, active(open.filter((own) => own.host === host))]),
    ),
    perVirtualProxy: Object.fromEntries(
      site.virtualProxies.map((name) => [name, active(open.filter((own) => own.virtualProxy === name))]),
    ),
  };
}
