import { createSimulation } from '../../../src/simulator/simulation.ts';
import type { TruthCounts } from '../../../src/simulator/truth.ts';
import type { Program } from '../../program/program.ts';

const SPAN_MS = 3 * 3_600_000;
const EVENTS = 2_400;

/** A morning of a site that is over now, every event of which arrives. What is true at its end. */
export async function liveMorning(program: Program): Promise<TruthCounts> {
  const { site, truth, render, start } = createSimulation({
    seed: 7,
    startHour: 8,
    spanMs: SPAN_MS,
    rate: EVENTS / (SPAN_MS / 1000),
    speed: 1,
    users: 80,
    hosts: 3,
    virtualProxies: 2,
    apps: 9,
    timeoutMs: 1_800_000,
    // Then nobody has to wait for a time-out that Headcount allows some grace for.
    logsTimeouts: true,
    isExcluded: () => false,
    layout: 'item',
    utcOffsetMinutes: 60,
    run: 'morning',
    faults: { loss: 0, duplicate: 0, reorder: 0, reorderDelayMs: 0 },
  });
  const end = Date.now();
  const shift = end - SPAN_MS - start;
  const items: object[] = [];
  for (let event = site.next(); event.at + shift < end; event = site.next()) {
    truth.apply(event);
    const item: object = JSON.parse(render(event, event.at + shift).text);
    // No line of a proxy says it, so the simulator does not either.
    items.push({ ...item, virtualProxy: event.virtualProxy });
  }
  truth.advance(end - shift);
  const response = await fetch(`${program.api}/api/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: items.map((item) => JSON.stringify(item)).join('\n'),
  });
  if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`);
  return truth.counts();
}
