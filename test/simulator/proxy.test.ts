import { describe, expect, it } from 'vitest';
import { seenSessions, sessionAnswer } from '../../src/simulator/proxy.ts';
import { createSimulation } from '../../src/simulator/simulation.ts';
import { SETTINGS, takeEvents } from './simulation-under-test.ts';

describe('a simulated proxy', () => {
  it('tells who is on at each place, by ids that stay and that no line has', () => {
    const simulation = createSimulation({ ...SETTINGS, layout: 'headcount', virtualProxies: 2 });
    const { site, truth } = simulation;
    const ask = () =>
      site.hosts.flatMap((host) => site.virtualProxies.flatMap((name) => seenSessions(truth, host, name)));
    const events = takeEvents(simulation, 4_000);
    const texts = events.map((event) => simulation.render(event, event.at).text).join('\n');
    for (const event of events.slice(0, 3_990)) truth.apply(event);
    const before = new Map(ask().map((session) => [session.id, session]));
    for (const event of events.slice(3_990)) truth.apply(event);
    const seen = ask();
    expect(seen).toHaveLength(truth.counts().active.sessions);
    expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length);
    expect(seen.filter(({ id }) => texts.includes(id))).toEqual([]);
    const stayed = seen.filter(({ id }) => before.has(id));
    expect(stayed.length).toBeGreaterThan(seen.length / 2);
    expect(stayed).toEqual(stayed.map(({ id }) => before.get(id)));
  });

  it('writes its answer as the API of a proxy does', () => {
    const user = { directory: 'LAB', id: 'anna' };
    expect(JSON.parse(sessionAnswer([{ id: 'a', user }]))).toEqual([
      { UserDirectory: 'LAB', UserId: 'anna', UserName: null, Attributes: [], SessionId: 'a' },
    ]);
  });
});
