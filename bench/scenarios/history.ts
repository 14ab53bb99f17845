import { join } from 'node:path';
import { type Filled, fillStore } from '../fill-store.ts';
import { startHeadcount } from '../headcount.ts';
import type { Row, Scenario } from '../scenario.ts';
import { percentile } from '../statistics.ts';

const DAYS = 10;
const TARGET_MS = 100;
const HOUR_MS = 3_600_000;

export const history: Scenario = {
  name: 'history',
  method:
    'time of the first page (100 items) of sessions and events at random moments and of random users and apps, one at a time, out of ' +
    '1,000,000 stored sessions with 10,000,000 events; cold is the very first of its kind',
  async run(bench) {
    const folder = bench.processes.createFolder();
    const sessions = bench.quick ? 20_000 : 1_000_000;
    const filled = fillStore(join(folder, 'data'), sessions, DAYS, Date.now());
    bench.say(`  filled: ${filled.sessions} sessions, ${filled.events} events`);
    const headcount = await startHeadcount(bench, folder);
    const rows: Row[] = [];
    for (const [what, path] of questions(filled)) {
      const times: number[] = [];
      for (let n = 0; n < (bench.quick ? 10 : 100); n += 1) times.push(await timed(headcount.api + path()));
      rows.push(rowOf(what, times));
      bench.say(`  ${what}: ${rows.at(-1)?.measured}`);
    }
    await headcount.stop();
    bench.processes.removeFolder(folder);
    return rows;
  },
};

async function timed(url: string): Promise<number> {
  const startedAt = performance.now();
  const answer = await fetch(url);
  if (answer.status !== 200) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  await answer.json();
  return performance.now() - startedAt;
}

function rowOf(what: string, times: readonly number[]): Row {
  const p99 = percentile(times, 0.99);
  return {
    what,
    target: `< ${TARGET_MS} ms`,
    measured: `p99 ${p99.toFixed(1)} ms (p50 ${percentile(times, 0.5).toFixed(1)})`,
    yardstick: `cold ${(times[0] ?? Number.NaN).toFixed(1)} ms`,
    met: p99 < TARGET_MS,
  };
}

function questions({ from, to }: Filled): [what: string, path: () => string][] {
  const any = (n: number): number => Math.floor(Math.random() * n);
  const moment = (): number => from + any(to - from);
  const iso = (time: number): string => new Date(time).toISOString();
  const at = (): string => `at=${iso(moment())}`;
  const span = (): string => {
    const begin = moment();
    return `from=${iso(begin)}&to=${iso(begin + HOUR_MS)}`;
  };
  const user = (): string => `user=CORP%5Cuser${Math.floor(Math.random() ** 3 * 20_000)}`;
  const search = (): string => `search=user${Math.floor(Math.random() ** 3 * 20_000)}`;
  const app = (): string => `app=00000000-0000-4000-8000-${String(any(300)).padStart(12, '0')}`;
  const sessions = (...filters: (() => string)[]) => {
    return (): string => `/api/v1/sessions?${filters.map((filter) => filter()).join('&')}`;
  };
  const events = (...filters: (() => string)[]) => {
    return (): string => `/api/v1/events?${filters.map((filter) => filter()).join('&')}`;
  };
  return [
    ['sessions, newest', sessions()],
    ['sessions at a moment', sessions(at)],
    ['sessions at a moment, on a host', sessions(at, () => `host=qs${any(5)}`)],
    ['sessions at a moment, in an app', sessions(at, app)],
    ['sessions at a moment, of a user', sessions(at, user)],
    ['sessions of a user', sessions(user)],
    ['sessions of users with a part of a name', sessions(search)],
    ['sessions of nobody', sessions(() => 'user=nobody')],
    ['sessions of an app', sessions(app)],
    ['sessions of a virtual proxy', sessions(() => 'virtualProxy=hdr')],
    ['sessions in an hour', sessions(span)],
    ['sessions in an hour, of a user', sessions(span, user)],
    ['sessions that are active', sessions(() => 'active=true')],
    ['events in an hour', events(span)],
    ['events of a user', events(user)],
    ['events of an app in an hour', events(span, app)],
    ['events of a kind there is none of', events(() => 'kind=session_rejected')],
  ];
}
