import { once } from 'node:events';
import { connect } from 'node:net';
import { createSimulation, type SimulationSettings } from '../../src/simulator/simulation.ts';

const DAY_MS = 86_400_000;
/** From midnight to midnight, with the peaks of a working day. */
const SETTINGS: SimulationSettings = {
  seed: 11,
  startHour: 0,
  spanMs: DAY_MS,
  rate: 6_000 / (DAY_MS / 1000),
  speed: 1,
  users: 150,
  hosts: 3,
  apps: 12,
  timeoutMs: 1_800_000,
  isExcluded: () => false,
  layout: 'headcount',
  utcOffsetMinutes: 60,
  run: 'day',
  faults: { loss: 0.01, duplicate: 0.01, reorder: 0.05, reorderDelayMs: 2_000 },
};

/** A day of a Sense site that ends at `end` (ms since 1970 UTC): its lines in the order in which a faulty network brings them. */
export function simulateDay(end: number, settings: Partial<SimulationSettings> = {}): string[] {
  const simulation = createSimulation({ ...SETTINGS, ...settings });
  const shift = end - DAY_MS - simulation.start;
  for (;;) {
    const event = simulation.site.next();
    const at = event.at + shift;
    if (at >= end) break;
    simulation.network.offer(simulation.render(event, at), at);
  }
  return simulation.network.take(Number.POSITIVE_INFINITY).map((line) => line.text);
}

/** Sends lines to a TCP receiver, which makes us wait rather than lose one. */
export async function sendByTcp(port: number, lines: readonly string[]): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  for (const line of lines) if (!socket.write(`${line}\n`)) await once(socket, 'drain');
  socket.end();
  await once(socket, 'close');
}
