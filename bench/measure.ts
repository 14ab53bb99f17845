import { setTimeout as sleep } from 'node:timers/promises';
import type { FromLoad, LoadPlan, LoadReport, ToLoad } from './load-plan.ts';
import { cpuTime, memory } from './process-usage.ts';
import { nextMessage, stop } from './processes.ts';
import type { Bench } from './scenario.ts';
import type { Target, Totals } from './target.ts';

const READY_WITHIN_MS = 30_000;
const POLL_MS = 50;
/** Counters of the kernel are read once a second at most. */
const SETTLES_WITHIN_MS = 10_000;
/** So much later, a receiver that still has something in flight is stuck. */
const GIVE_UP_MS = 60_000;
/** Below this part of the rate asked for, the number says more about the machine than about the receiver. */
const KEPT_PACE = 0.98;

/** What one load did to one receiver. */
export interface Measured {
  readonly load: LoadReport;
  /** Datagrams a second that really left. */
  readonly rate: number;
  readonly received: number;
  /** Sent and not received. */
  readonly lost: number;
  /** True where the receiver accounts for every lost datagram. */
  readonly explained: boolean;
  /** CPU of all threads from the first datagram until all were accepted, in microseconds per datagram sent. */
  readonly cpuMicros: number;
  /** The main thread's part of it, 0 to 1. */
  readonly mainThreadPart: number;
  /** The same CPU as a part of one core over the time of the load, 0 to 1. */
  readonly coreShare: number;
  /** From the last datagram sent until nothing was in flight, in milliseconds; polled every 50 ms. */
  readonly lagMs: number;
  /** Of each poll during the load: datagrams received and not yet accepted. */
  readonly inFlight: readonly number[];
  /** Resident memory in MiB. */
  readonly memory: { readonly now: number; readonly peak: number };
}

export interface MeasureOptions {
  /** Ask for the counters so often during the load; this itself costs CPU. 0 is never. */
  readonly sampleEveryMs: number;
}

/** Runs one load in a process of its own and waits until the receiver has dealt with all of it. */
export async function measureLoad(
  bench: Bench,
  target: Target,
  plan: Omit<LoadPlan, 'port'>,
  { sampleEveryMs }: MeasureOptions = { sampleEveryMs: 0 },
): Promise<Measured> {
  const sender = bench.processes.fork('./load.ts');
  const tell = (message: ToLoad): boolean => sender.send(message);
  try {
    tell({ type: 'plan', plan: { ...plan, port: target.port } });
    await nextMessage<FromLoad>(sender, READY_WITHIN_MS);
    const before = await target.totals();
    const cpuBefore = cpuTime(target.pid);
    tell({ type: 'go' });
    const sampling = sample(target, sampleEveryMs);
    const load = await reportOf(sender, plan).finally(() => sampling.stop());
    const endedAt = performance.now();
    const settled = await settle(target, before, load.sent);
    const cpu = settled.cpu.total - cpuBefore.total;
    const rate = load.sent / load.seconds;
    warn(bench, target, plan, load);
    return {
      load,
      rate,
      received: settled.received,
      lost: load.sent - settled.received,
      explained: load.sent === settled.received + settled.dropped,
      cpuMicros: (cpu * 1e6) / load.sent,
      mainThreadPart: (settled.cpu.mainThread - cpuBefore.mainThread) / cpu,
      coreShare: cpu / load.seconds,
      lagMs: settled.at - endedAt,
      inFlight: sampling.inFlight,
      memory: memory(target.pid),
    };
  } finally {
    await stop(sender, 'SIGKILL');
  }
}

async function reportOf(
  sender: Parameters<typeof stop>[0],
  plan: Omit<LoadPlan, 'port'>,
): Promise<LoadReport> {
  const expectedMs = plan.rate === null ? 0 : (plan.count / plan.rate) * 1_000;
  const message = await nextMessage<FromLoad>(sender, expectedMs * 2 + READY_WITHIN_MS);
  if (message.type !== 'report') throw new Error('the sender process did not report');
  return message.report;
}

/** Waits until everything sent is accepted or known to be lost, or nothing moves any more. */
async function settle(target: Target, before: Totals, sent: number) {
  const deadline = performance.now() + SETTLES_WITHIN_MS;
  let earlier = -1;
  let quiet: { readonly at: number; readonly cpu: ReturnType<typeof cpuTime> } | null = null;
  for (;;) {
    const totals = await target.totals();
    const received = totals.received - before.received;
    const dropped = totals.kernelDropped - before.kernelDropped + totals.ringDropped - before.ringDropped;
    const isQuiet = totals.inFlight === 0 && (received === sent || received === earlier);
    if (isQuiet) quiet ??= { at: performance.now(), cpu: cpuTime(target.pid) };
    const isOver = received + dropped >= sent || performance.now() > deadline;
    if (quiet !== null && isOver) return { received, dropped, ...quiet };
    if (performance.now() > deadline + GIVE_UP_MS) throw new Error(`${target.name} never finished the load`);
    earlier = received;
    await sleep(POLL_MS);
  }
}

function sample(target: Target, everyMs: number) {
  const inFlight: number[] = [];
  const stopping = new AbortController();
  const run = async (): Promise<void> => {
    while (everyMs > 0 && !stopping.signal.aborted) {
      inFlight.push((await target.totals()).inFlight);
      await sleep(everyMs);
    }
  };
  const running = run();
  return {
    inFlight,
    stop: async (): Promise<void> => {
      stopping.abort();
      await running;
    },
  };
}

function warn(bench: Bench, target: Target, plan: Omit<LoadPlan, 'port'>, load: LoadReport): void {
  if (load.failed > 0) bench.say(`  ! ${load.failed} datagrams to ${target.name} never left the sender`);
  const rate = load.sent / load.seconds;
  if (plan.rate !== null && rate < plan.rate * KEPT_PACE) {
    bench.say(`  ! the sender kept ${rate.toFixed(0)}/s instead of ${plan.rate}/s: the machine is too busy`);
  }
}
