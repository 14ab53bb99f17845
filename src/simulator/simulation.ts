import type { User } from '../core/event.ts';
import { createLineRenderer, type Layout, type Line, type RenderLine } from './line.ts';
import { createNetwork, type Faults, type Network } from './network.ts';
import { createRandom } from './random.ts';
import { createSite, type Site } from './site.ts';
import { createTruth, type Truth } from './truth.ts';

/** A Monday. The date is on no line: a node's clock shows the real time. */
const FIRST_DAY = Date.UTC(2024, 5, 3);

/** What to simulate. Times and rates are real (wall clock) ones; `speed` turns them into simulated ones. */
export interface SimulationSettings {
  readonly seed: number;
  /** Hour of the working day at which it begins, 0 to 24. */
  readonly startHour: number;
  /** Over how much real time `rate` is the average. */
  readonly spanMs: number;
  /** Events per second. */
  readonly rate: number;
  /** Simulated seconds per second. */
  readonly speed: number;
  readonly users: number;
  readonly hosts: number;
  readonly apps: number;
  readonly timeoutMs: number;
  readonly isExcluded: (user: User) => boolean;
  readonly layout: Layout;
  readonly utcOffsetMinutes: number;
  /** Distinguishes this run from others of the same seed, where lines carry an identity. */
  readonly run: string;
  readonly faults: Faults;
}

/** A site and what surrounds it, before anything is sent. */
export interface Simulation {
  readonly site: Site;
  readonly truth: Truth;
  readonly render: RenderLine;
  readonly network: Network<Line>;
  /** When simulated time begins, milliseconds since 1970. */
  readonly start: number;
  readonly speed: number;
}

export function createSimulation(settings: SimulationSettings): Simulation {
  const { seed, speed, users, hosts, apps, isExcluded } = settings;
  const start = FIRST_DAY + settings.startHour * 3_600_000;
  const timeoutMs = settings.timeoutMs * speed;
  const [spanMs, rate] = [settings.spanMs * speed, settings.rate / speed];
  // Three streams of randomness: faults and layout change nothing in what the people do.
  const site = createSite({ start, spanMs, rate, users, hosts, apps, timeoutMs }, createRandom(seed));
  return {
    site,
    truth: createTruth({ hosts: site.hosts, timeoutMs, isExcluded }),
    render: createLineRenderer(settings, createRandom(seed + 1_000_003)),
    network: createNetwork<Line>(settings.faults, createRandom(seed + 2_000_003)),
    start,
    speed,
  };
}
