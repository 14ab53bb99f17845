import { type Headcount, startHeadcount } from '../headcount.ts';
import { type Measured, measureLoad } from '../measure.ts';
import type { Bench, Row, Scenario } from '../scenario.ts';
import { describe } from '../side-by-side.ts';
import { median, spread } from '../statistics.ts';

const MANY = 1_000_000;
const MANY_QUICK = 50_000;
const FEW = 1_000;
const FILL_RATE = 30_000;
const RATE = 20_000;
const TARGET_MEBIBYTES = 1_024;
const TARGET_RATIO = 1.3;
const TARGET_RESTART_MS = 10_000;
/** Nobody's session ends by itself while this runs. */
const SETTINGS = { sessions: { timeout: '24h', maxAge: '24h' } };

export const millionSessions: Scenario = {
  name: 'million-sessions',
  method:
    'memory and restart with 1,000,000 open sessions; CPU per open or close of a connection of a random ' +
    'session at 20,000/s, over the same with 1,000 sessions',
  async run(bench) {
    const sessions = bench.quick ? MANY_QUICK : MANY;
    const [fewFolder, manyFolder] = [bench.processes.createFolder(), bench.processes.createFolder()];
    const few = await startHeadcount(bench, fewFolder, SETTINGS);
    const many = await startHeadcount(bench, manyFolder, SETTINGS);
    await fill(bench, few, FEW);
    await fill(bench, many, sessions);
    const cpu = await compare(bench, few, many, sessions);
    await few.stop();
    const rows = [memoryRow(sessions, cpu), cpuRow(sessions, cpu)];
    rows.push(...(await restart(bench, many, manyFolder, { sessions, emptyMs: few.startedWithinMs })));
    for (const folder of [fewFolder, manyFolder]) bench.processes.removeFolder(folder);
    return rows;
  },
};

interface Cpu {
  readonly few: Measured[];
  readonly many: Measured[];
}

/** Throws when a datagram is lost: then the number of sessions would be wrong. */
async function fill(bench: Bench, target: Headcount, sessions: number): Promise<void> {
  const plan = { stream: { type: 'starts', from: 0 }, count: sessions, rate: FILL_RATE } as const;
  const filled = await measureLoad(bench, target, plan);
  bench.say(`${describe({ ...target, name: 'fill' }, 0, filled)}`);
  await expectSessions(target, sessions);
}

async function expectSessions(target: Headcount, sessions: number): Promise<void> {
  const active = await target.activeSessions();
  if (active !== sessions) throw new Error(`${active} sessions are active instead of ${sessions}`);
}

async function compare(bench: Bench, few: Headcount, many: Headcount, sessions: number): Promise<Cpu> {
  const cpu: Cpu = { few: [], many: [] };
  const count = RATE * (bench.quick ? 2 : 10);
  const load = (target: Headcount, users: number, from: number, events = count): Promise<Measured> =>
    measureLoad(bench, target, { stream: { type: 'connections', users, from }, count: events, rate: RATE });
  for (const [target, users] of [
    [few, FEW],
    [many, sessions],
  ] as const)
    await load(target, users, 0, RATE * 2);
  for (let round = 0; round < (bench.quick ? 2 : 3); round += 1) {
    const from = count * (round + 1);
    for (const name of round % 2 === 0 ? (['few', 'many'] as const) : (['many', 'few'] as const)) {
      const target = name === 'few' ? few : many;
      const measured = await load(target, name === 'few' ? FEW : sessions, from);
      cpu[name].push(measured);
      bench.say(describe({ ...target, name }, round, measured));
    }
  }
  return cpu;
}

function memoryRow(sessions: number, { few, many }: Cpu): Row {
  const peak = Math.max(...many.map(({ memory }) => memory.peak));
  const now = median(many.map(({ memory }) => memory.now));
  return {
    what: `RSS with ${sessions} open sessions`,
    target: `<= ${TARGET_MEBIBYTES} MiB`,
    measured: `${now.toFixed(0)} MiB (peak ${peak.toFixed(0)})`,
    yardstick: `with ${FEW}: ${median(few.map(({ memory }) => memory.now)).toFixed(0)} MiB`,
    met: peak <= TARGET_MEBIBYTES,
  };
}

function cpuRow(sessions: number, { few, many }: Cpu): Row {
  const ratios = many.map(({ cpuMicros }, round) => cpuMicros / (few[round]?.cpuMicros ?? Number.NaN));
  const micros = (side: Measured[]) =>
    spread(
      side.map(({ cpuMicros }) => cpuMicros),
      1,
      ' us',
    );
  return {
    what: `CPU per event at ${RATE}/s, ${sessions} / ${FEW} sessions`,
    target: `<= ${TARGET_RATIO}`,
    measured: spread(ratios),
    yardstick: `${FEW}: ${micros(few)}, ${sessions}: ${micros(many)}`,
    met: median(ratios) <= TARGET_RATIO,
  };
}

async function restart(
  bench: Bench,
  running: Headcount,
  folder: string,
  { sessions, emptyMs }: { readonly sessions: number; readonly emptyMs: number },
): Promise<Row[]> {
  const rows: Row[] = [];
  let target = running;
  for (const way of ['SIGTERM', 'SIGKILL'] as const) {
    if (way === 'SIGKILL') await leaveTail(bench, target, sessions);
    const startedAt = performance.now();
    await (way === 'SIGTERM' ? target.stop() : target.kill());
    const stoppedMs = performance.now() - startedAt;
    target = await startHeadcount(bench, folder, SETTINGS);
    await expectSessions(target, sessions);
    rows.push({
      what: `start until ready with ${sessions} sessions, after ${way}`,
      target: `< ${TARGET_RESTART_MS / 1_000} s`,
      measured: `${(target.startedWithinMs / 1_000).toFixed(1)} s`,
      yardstick: `empty store ${(emptyMs / 1_000).toFixed(1)} s; the stop took ${(stoppedMs / 1_000).toFixed(1)} s`,
      met: target.startedWithinMs < TARGET_RESTART_MS,
    });
  }
  await target.stop();
  return rows;
}

/** Events that are committed and not yet part of a checkpoint, as a crash would find them. */
async function leaveTail(bench: Bench, target: Headcount, users: number): Promise<void> {
  const plan = { stream: { type: 'connections', users, from: 1 }, count: RATE, rate: RATE } as const;
  await measureLoad(bench, target, plan);
}
