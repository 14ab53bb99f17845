import { describe, expect, it } from 'vitest';
import { createSimulation } from '../../src/simulator/simulation.ts';
import { busyness } from '../../src/simulator/visit.ts';
import { SETTINGS, takeEvents } from './simulation-under-test.ts';

const HOUR_MS = 3_600_000;

describe('the simulated site', () => {
  it('gives the same events for the same seed and others for another', () => {
    const [first, again, other] = [7, 7, 8].map((seed) =>
      takeEvents(createSimulation({ ...SETTINGS, seed }), 3000),
    );
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('lives the same life whatever the layout and the faults', () => {
    const faults = { loss: 0.5, lossBurst: 3, duplicate: 0.5, reorder: 0.5, reorderDelayMs: 100 };
    const changed = createSimulation({ ...SETTINGS, layout: 'headcount', faults });
    expect(takeEvents(changed, 1000)).toEqual(takeEvents(createSimulation(SETTINGS), 1000));
  });

  it('never goes back in time', () => {
    const times = takeEvents(createSimulation(SETTINGS), 5000).map(({ at }) => at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it.each([0.3, 20, 2000])('keeps %d events a second on average', (rate) => {
    const spanMs = 20_000_000 / rate;
    const simulation = createSimulation({ ...SETTINGS, rate, spanMs });
    const events = takeEvents(simulation, 21_000).filter(({ at }) => at <= simulation.start + spanMs);
    expect(Math.abs(events.length - 20_000)).toBeLessThan(100);
  });

  it('opens every connection inside its session and closes it once', () => {
    const open = new Map<string, Set<number>>();
    const stopped = new Set<string>();
    for (const { kind, sessionKey, connection } of takeEvents(createSimulation(SETTINGS), 20_000)) {
      const connections = open.get(sessionKey);
      if (kind === 'session_start') {
        expect(connections).toBeUndefined();
        open.set(sessionKey, new Set());
      } else if (kind === 'session_stop') {
        expect(stopped.has(sessionKey)).toBe(false);
        stopped.add(sessionKey);
      } else if (kind === 'connection_open') {
        expect(stopped.has(sessionKey)).toBe(false);
        connections?.add(connection ?? 0);
      } else expect(connections?.delete(connection ?? 0)).toBe(true);
    }
    expect(stopped.size).toBeGreaterThan(1000);
  });

  it('has named people, anonymous visitors with a new identity each time, and a service account', () => {
    const events = takeEvents(createSimulation(SETTINGS), 10_000);
    const starts = events.filter(({ kind }) => kind === 'session_start');
    const anonymous = starts.filter(({ user }) => user.directory === 'NONE').map(({ user }) => user.id);
    expect(new Set(starts.map(({ user }) => user.directory))).toEqual(
      new Set(['CORP', 'LAB', 'NONE', 'INTERNAL']),
    );
    expect(new Set(anonymous).size).toBe(anonymous.length);
    expect(anonymous.every((id) => /^anonymous[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id))).toBe(
      true,
    );
    expect(starts.some(({ user }) => user.id === 'sa_api')).toBe(true);
    expect(starts.some(({ user }) => /[^ -~]/.test(user.id))).toBe(true);
  });

  it('never gives one user two live sessions on one host', () => {
    const live = new Set<string>();
    for (const event of takeEvents(createSimulation(SETTINGS), 20_000)) {
      const key = `${event.host} ${event.user.directory} ${event.user.id}`;
      if (event.kind === 'session_start') {
        expect(live.has(key)).toBe(false);
        live.add(key);
      }
      if (event.kind === 'session_stop' || event.abandons) live.delete(key);
    }
  });

  it('is busy in the morning and after lunch, less at noon and hardly at night', () => {
    const at = (hour: number) => busyness(hour * HOUR_MS);
    expect(at(10)).toBeGreaterThan(at(12));
    expect(at(14)).toBeGreaterThan(at(12));
    expect(at(3)).toBeLessThan(0.1);
    const simulation = createSimulation({ ...SETTINGS, rate: 0.5, startHour: 0, spanMs: 24 * HOUR_MS });
    const perHour = new Map<number, number>();
    for (const event of takeEvents(simulation, 43_200)) {
      const hour = Math.floor((event.at - simulation.start) / HOUR_MS);
      perHour.set(hour, (perHour.get(hour) ?? 0) + 1);
    }
    const events = (hour: number) => perHour.get(hour) ?? 0;
    expect(events(10)).toBeGreaterThan(5 * events(3));
    expect(events(14)).toBeGreaterThan(events(12));
  });

  it('spreads its people over the virtual proxies of each host, and nobody has two sessions at one place', () => {
    const simulation = createSimulation({ ...SETTINGS, virtualProxies: 2 });
    const places = new Set<string>();
    const present = new Set<string>();
    for (const event of takeEvents(simulation, 5_000)) {
      const { kind, host, virtualProxy, user, abandons } = event;
      places.add(`${host}${virtualProxy}`);
      const who = `${host}${virtualProxy} ${user.directory} ${user.id}`;
      if (kind === 'session_start') {
        expect(present.has(who)).toBe(false);
        present.add(who);
      } else if (kind === 'session_stop' || abandons) present.delete(who);
    }
    expect(simulation.site.virtualProxies).toEqual(['/', '/sales']);
    expect(places.size).toBe(SETTINGS.hosts * 2);
  });

  it('logs a Stop for whoever just left where the proxy logs time-outs', () => {
    const simulation = createSimulation({ ...SETTINGS, logsTimeouts: true });
    for (const event of takeEvents(simulation, 10_000)) simulation.truth.apply(event);
    const { created, destroyed, abandoned, active } = simulation.truth.counts();
    expect(abandoned).toBe(0);
    expect(created).toBe(destroyed + active.sessions);
  });

  it('ends the sessions of a host that crashes without a word, and its row numbers begin again', () => {
    const simulation = createSimulation({ ...SETTINGS, layout: 'headcount', virtualProxies: 2 });
    const { site, truth } = simulation;
    for (const event of takeEvents(simulation, 3_000)) {
      truth.apply(event);
      simulation.render(event, event.at);
    }
    const [crashed = ''] = site.hosts;
    const before = new Set(truth.openSessions().map(({ sessionKey }) => sessionKey));
    const gone = truth.openSessions().filter(({ host }) => host === crashed);
    const elsewhere = truth.openSessions().length - gone.length;
    simulation.crash(crashed);
    expect(gone.length).toBeGreaterThan(0);
    expect(truth.counts()).toMatchObject({ active: { sessions: elsewhere }, crashed: gone.length });
    const after = takeEvents(simulation, 3_000);
    const ofCrashed = after.filter(({ host }) => host === crashed);
    expect(ofCrashed.filter(({ sessionKey }) => before.has(sessionKey))).toEqual([]);
    const rows = ofCrashed.map((event) => Number(simulation.render(event, event.at).text.split(';')[1]));
    expect(rows).toEqual(rows.map((_, n) => n + 1));
    for (const event of after) truth.apply(event);
    const { created, destroyed, timedOut, active } = truth.counts();
    expect(created).toBe(destroyed + timedOut + gone.length + active.sessions);
  });
});
