import type { NamesById } from '../contract/app-names.ts';
import type { Line } from './line.ts';
import { longIsoDate } from './line.ts';
import { createRandom, integer } from './random.ts';
import { createSimulation, type Simulation, type SimulationSettings } from './simulation.ts';

/** A made-up site that shows everything Headcount can show. */
export interface DemoSite {
  readonly simulation: Simulation;
  /** What its apps are called. */
  readonly appNames: NamesById;
  /** The line of a repository that refuses somebody, at `at` (ms since 1970 UTC); null while nobody is there. */
  refusal(at: number): Line | null;
}

const HOUR_MS = 3_600_000;

/** A morning that moves ten times as fast as a real one, so that the curves have a shape. */
const SETTINGS: Omit<SimulationSettings, 'run' | 'utcOffsetMinutes'> = {
  seed: 1,
  startHour: 9,
  spanMs: HOUR_MS,
  rate: 20,
  speed: 10,
  users: 400,
  hosts: 2,
  virtualProxies: 2,
  apps: 12,
  timeoutMs: HOUR_MS / 2,
  isExcluded: () => false,
  layout: 'headcount',
  faults: { loss: 0, duplicate: 0, reorder: 0, reorderDelayMs: 0 },
};

export const DEMO_PEOPLE = SETTINGS.users;
export const DEMO_RATE = SETTINGS.rate;

/** In the order of how often they are opened. */
const NAMES =
  'Sales Overview,Finance Monthly Close,Inventory,Customer 360,HR Dashboard,Production Quality,Supply Chain,Marketing Funnel,Service Desk,Energy Use,Fleet,License Monitor';

/** `startedAt`: ms since 1970 UTC, of this start of the demo. */
export function createDemoSite(startedAt: number, utcOffsetMinutes: number): DemoSite {
  const simulation = createSimulation({ ...SETTINGS, run: `demo-${startedAt}`, utcOffsetMinutes });
  const random = createRandom(SETTINGS.seed);
  const names = NAMES.split(',');
  let rows = 0;
  return {
    simulation,
    appNames: new Map(simulation.site.appIds.map((id, n) => [id, names[n] ?? `App ${n + 1}`])),
    refusal(at) {
      const open = simulation.truth.openSessions();
      const session = open[integer(random, open.length)];
      if (session === undefined) return null;
      rows += 1;
      const { host, user } = session;
      const name = `${user.directory}\\${user.id}`;
      const message = `Access was denied for User: '${name}', with AccessID '264f', SessionID: 'e3cd', SessionCount: '5', Hostname: '::1', OperationType: 'UsageDenied'`;
      const [date, plainDate] = [longIsoDate(at, utcOffsetMinutes), new Date(at).toISOString()];
      const begin = [
        '/qseow-repository/',
        rows,
        date,
        plainDate,
        'WARN',
        host,
        'AuditSecurity.Repository',
        'LAB\\qservice',
      ];
      const end = [
        message,
        '',
        user.directory,
        user.id,
        'License user access',
        403,
        'Not available',
        'Not available',
      ];
      return { appender: `${host} repository`, text: [...begin, ...end].join(';') };
    },
  };
}
