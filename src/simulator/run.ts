import { secondsOf } from '../contract/seconds.ts';
import type { Clock } from './clock.ts';
import type { SimulatedEvent } from './line.ts';
import type { Sender } from './senders.ts';
import type { Simulation } from './simulation.ts';
import type { TruthCounts } from './truth.ts';

/** Lines so far. Once all have arrived `sent = events - lost + duplicated`. */
export interface RunReport {
  /** Milliseconds since 1970 UTC. */
  readonly at: number;
  /** Since the run began, to the millisecond. */
  readonly seconds: number;
  /** What happened at the site. */
  readonly events: number;
  /** Put on the wire. */
  readonly sent: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
  /** Refused by an answer (HTTP only). */
  readonly refused: number;
  readonly truth: TruthCounts;
}

export interface RunOptions {
  readonly durationMs: number;
  readonly maxEvents: number;
  /** First so many sessions are opened as fast as possible. */
  readonly warmUpSessions: number;
  readonly signal: AbortSignal;
  /** When the proxy of the first host dies, from the beginning of the run on. */
  readonly crashMs?: number | undefined;
  /** Nobody is there to get what is sent then, from the beginning of the run on. */
  readonly away?: Away | undefined;
  /** Called about once a second. */
  readonly onSecond: (report: RunReport) => void;
}

export interface Away {
  readonly fromMs: number;
  readonly forMs: number;
}

const TICK_MS = 5;
const MAX_BATCH = 1000;

/**
 * Lets the site live in real time and sends what its nodes log. Every event has its moment; a tick that comes
 * late sends all that is due by then, so the average rate holds. Resolves when the last line has left.
 */
export async function runSimulation(
  { site, truth, render, network, crash, start, speed }: Simulation,
  sender: Sender,
  clock: Clock,
  { durationMs, maxEvents, warmUpSessions, signal, crashMs, away, onSecond }: RunOptions,
): Promise<RunReport> {
  const begin = clock.now();
  let anchor = { real: begin, simulated: start };
  let [events, secondsSeen] = [0, 0];
  let pending = site.next();
  let hasCrashed = crashMs === undefined;

  const realTimeOf = (event: SimulatedEvent) => anchor.real + (event.at - anchor.simulated) / speed;
  const end = () => begin + durationMs;

  function emit(at: number): void {
    truth.apply(pending);
    const line = render(pending, Math.floor(at));
    if (isAway(at - begin)) network.lose();
    else network.offer(line, at);
    events += 1;
    pending = site.next();
  }

  function isAway(sinceBegin: number): boolean {
    return away !== undefined && sinceBegin >= away.fromMs && sinceBegin < away.fromMs + away.forMs;
  }

  function crashWhenDue(): void {
    const [host = ''] = site.hosts;
    if (hasCrashed || clock.now() - begin < (crashMs ?? 0)) return;
    hasCrashed = true;
    crash(host);
    if (pending.host === host) pending = site.next();
  }

  function report(): RunReport {
    const at = clock.now();
    truth.advance(anchor.simulated + (at - anchor.real) * speed);
    const { lost, duplicated, delivered, reordered } = network.counts();
    const seconds = secondsOf(at - begin);
    const lines = { events, sent: delivered, lost, duplicated, reordered, refused: sender.refused() };
    return { at: Math.floor(at), seconds, ...lines, truth: truth.counts() };
  }

  async function flush(): Promise<void> {
    await sender.send(network.take(clock.now()));
    const seconds = Math.floor((clock.now() - begin) / 1000);
    if (seconds === secondsSeen) return;
    secondsSeen = seconds;
    onSecond(report());
  }

  async function warmUp(): Promise<void> {
    while (!signal.aborted && events < maxEvents && truth.counts().active.sessions < warmUpSessions) {
      emit(clock.now());
      if (events % 10 !== 0) continue;
      await flush();
      await clock.sleep(TICK_MS, signal);
    }
    anchor = { real: clock.now(), simulated: pending.at };
  }

  /** Emits what is due; true when that is all there will be. */
  function emitDue(): boolean {
    const until = Math.min(clock.now(), end());
    for (let n = 0; n < MAX_BATCH; n += 1) {
      if (events >= maxEvents) return true;
      const at = realTimeOf(pending);
      if (at > until) return until === end();
      emit(at);
    }
    return false;
  }

  if (warmUpSessions > 0) await warmUp();
  for (let isOver = false; !isOver && !signal.aborted; ) {
    crashWhenDue();
    isOver = emitDue();
    await flush();
    const isBehind = realTimeOf(pending) < clock.now();
    if (!isOver && !isBehind) await clock.sleep(TICK_MS, signal);
  }
  while (network.nextAt() !== null && !signal.aborted) {
    await clock.sleep(TICK_MS, signal);
    await flush();
  }
  return report();
}
