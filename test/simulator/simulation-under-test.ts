import type { Clock } from '../../src/simulator/clock.ts';
import type { Line, SimulatedEvent } from '../../src/simulator/line.ts';
import type { Sender } from '../../src/simulator/senders.ts';
import type { Simulation, SimulationSettings } from '../../src/simulator/simulation.ts';

export const SETTINGS: SimulationSettings = {
  seed: 7,
  startHour: 9,
  spanMs: 600_000,
  rate: 20,
  speed: 1,
  users: 60,
  hosts: 3,
  apps: 8,
  timeoutMs: 120_000,
  isExcluded: () => false,
  layout: 'butler-sos',
  utcOffsetMinutes: 120,
  run: 'test',
  faults: { loss: 0, duplicate: 0, reorder: 0, reorderDelayMs: 0 },
};

export const NO_FAULTS = SETTINGS.faults;

export function takeEvents({ site }: Pick<Simulation, 'site'>, count: number): SimulatedEvent[] {
  return Array.from({ length: count }, () => site.next());
}

/** A clock that only moves when someone sleeps, and then wakes `lateMs` too late. */
export function createTestClock(lateMs = 0): Clock {
  let now = Date.UTC(2025, 0, 15, 12);
  return {
    now: () => now,
    async sleep(ms) {
      now += ms + lateMs;
    },
  };
}

/** A sender that keeps what it is given. */
export function createKeepingSender(): Sender & { readonly lines: Line[] } {
  const lines: Line[] = [];
  return {
    lines,
    async send(more) {
      lines.push(...more);
    },
    async close() {},
    refused: () => 0,
  };
}
