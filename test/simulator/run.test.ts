import { describe, expect, it } from 'vitest';
import { type RunOptions, type RunReport, runSimulation } from '../../src/simulator/run.ts';
import { createSimulation, type SimulationSettings } from '../../src/simulator/simulation.ts';
import { createKeepingSender, createTestClock, SETTINGS } from './simulation-under-test.ts';

const BOUNDS: RunOptions = {
  durationMs: 60_000,
  maxEvents: Number.POSITIVE_INFINITY,
  warmUpSessions: 0,
  signal: new AbortController().signal,
  onSecond: () => {},
};

async function run(settings: Partial<SimulationSettings>, bounds: Partial<RunOptions>, lateMs = 0) {
  const sender = createKeepingSender();
  const simulation = createSimulation({ ...SETTINGS, spanMs: 60_000, ...settings });
  const clock = createTestClock(lateMs);
  const report = await runSimulation(simulation, sender, clock, { ...BOUNDS, ...bounds });
  return { report, lines: sender.lines };
}

describe('a run', () => {
  it.each([0, 13, 700])('keeps the average rate although timers wake %d ms late', async (lateMs) => {
    const { report } = await run({ rate: 500 }, {}, lateMs);
    expect(Math.abs(report.events - 30_000)).toBeLessThan(30);
    expect(report.seconds).toBeGreaterThanOrEqual(60);
    expect(report.seconds).toBeLessThan(61.5);
  });

  it('keeps the real rate at any speed', async () => {
    const { report } = await run({ rate: 50, speed: 600 }, {});
    expect(Math.abs(report.events - 3000)).toBeLessThan(20);
  });

  it('ends after exactly so many events', async () => {
    const { report, lines } = await run({}, { maxEvents: 1234, durationMs: Number.POSITIVE_INFINITY });
    expect([report.events, report.sent, lines.length]).toEqual([1234, 1234, 1234]);
  });

  it('accounts for every line and waits for the late ones', async () => {
    const faults = { loss: 0.1, duplicate: 0.05, reorder: 0.2, reorderDelayMs: 3000 };
    const { report, lines } = await run({ faults }, {});
    expect(report.sent).toBe(lines.length);
    expect(report.sent).toBe(report.events - report.lost + report.duplicated);
    expect(Math.min(report.lost, report.duplicated, report.reordered)).toBeGreaterThan(0);
  });

  it('numbers lost lines too, so that a gap in the rows is a loss', async () => {
    const faults = { loss: 0.1, duplicate: 0, reorder: 0, reorderDelayMs: 0 };
    const { report, lines } = await run({ layout: 'headcount', hosts: 1, faults }, { maxEvents: 1000 });
    const rows = lines.map(({ text }) => Number(text.split(';')[1]));
    expect(new Set(rows).size).toBe(1000 - report.lost);
    expect(rows).toEqual(rows.toSorted((a, b) => a - b));
    expect(Math.max(...rows)).toBeGreaterThan(980);
  });

  it('opens the sessions of a warm start at once', async () => {
    const { report } = await run({ users: 400 }, { warmUpSessions: 60, durationMs: 300 });
    expect(report.truth.active.sessions).toBeGreaterThanOrEqual(55);
  });

  it('reports once a second, with rising totals', async () => {
    const reports: RunReport[] = [];
    await run({}, { durationMs: 10_000, onSecond: (report) => reports.push(report) });
    expect(reports.map(({ seconds }) => Math.floor(seconds))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    for (const { truth, sent, events } of reports) {
      expect(sent).toBe(events);
      expect(truth.created).toBe(truth.destroyed + truth.timedOut + truth.active.sessions);
    }
  });

  it('loses what is sent while nobody is there to get it', async () => {
    const settings = { layout: 'headcount', hosts: 1, rate: 50 } as const;
    const { report, lines } = await run(settings, { away: { fromMs: 20_000, forMs: 10_000 } });
    const rows = lines.map(({ text }) => Number(text.split(';')[1]));
    const gaps = rows.filter((row, n) => row !== (rows[n - 1] ?? 0) + 1);
    expect(gaps).toHaveLength(1);
    expect(gaps[0]).toBe(rows.indexOf(gaps[0] ?? 0) + report.lost + 1);
    expect(Math.abs(report.lost - 500)).toBeLessThan(20);
  });

  it('crashes the proxy of the first host once', async () => {
    const settings = { layout: 'headcount', hosts: 2, rate: 50 } as const;
    const { report, lines } = await run(settings, { crashMs: 20_000, durationMs: 120_000 });
    expect(report.truth.crashed).toBeGreaterThan(0);
    const { created, destroyed, timedOut, crashed, active } = report.truth;
    expect(created).toBe(destroyed + timedOut + crashed + active.sessions);
    const rowsOf = (host: string) =>
      lines.map(({ text }) => text.split(';')).filter((fields) => fields[3] === host);
    const starts = (host: string) => rowsOf(host).filter((fields) => fields[1] === '1').length;
    expect([starts('sense-proxy1'), starts('sense-proxy2')]).toEqual([2, 1]);
  });

  it('writes the time of a wrong clock into the lines of the first host alone', async () => {
    const settings = { layout: 'headcount', hosts: 2, clockOffsetMs: -3_600_000 } as const;
    const { lines } = await run(settings, { maxEvents: 200 });
    const hours = new Set(
      lines.map(({ text }) => {
        const [, , at = '', host] = text.split(';');
        return `${host} ${at.slice(9, 11)}`;
      }),
    );
    expect([...hours].sort()).toEqual(['sense-proxy1 13', 'sense-proxy2 14']);
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const { report } = await run({}, { signal: stop.signal, onSecond: () => stop.abort() });
    expect(report.seconds).toBeLessThan(2);
  });
});
