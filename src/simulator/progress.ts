import type { RunReport } from './run.ts';

/** How far a run has come, for whoever waits for it. */
export interface Progress {
  /** To be called about once a second. */
  show(report: RunReport): void;
  close(): void;
}

/** What ends a run, whichever comes first; infinite where nothing does. */
export interface RunBounds {
  readonly durationMs: number;
  readonly maxEvents: number;
}

const MINUTE_SECONDS = 60;
const BAR_WIDTH = 30;
/** Narrower than this a bar says nothing. */
const LEAST_BAR_WIDTH = 5;
/** Takes away what is left of a longer line. */
const CLEAR_TO_END = '\u001b[K';

/** One line that is written again and again, with a bar in the room that `columns` leave. */
export function createProgressBar(
  bounds: RunBounds,
  columns: () => number,
  write: (text: string) => void,
): Progress {
  return {
    show(report) {
      const done = shareOf(report, bounds);
      const text = `${String(Math.floor(done * 100)).padStart(3)} %  ${sentence(report, bounds)}`;
      // The last column stays free: some terminals begin a new line after it.
      const room = columns() - 1;
      const width = Math.min(BAR_WIDTH, room - text.length - 1);
      const bar = width < LEAST_BAR_WIDTH ? '' : `${barOf(done, width)} `;
      write(`\r${`${bar}${text}`.slice(0, room)}${CLEAR_TO_END}`);
    },
    close: () => write('\n'),
  };
}

/** A line a minute, for logs. */
export function createProgressLines(bounds: RunBounds, write: (text: string) => void): Progress {
  let minutes = 0;
  return {
    show(report) {
      const now = Math.floor(report.seconds / MINUTE_SECONDS);
      if (now === minutes) return;
      minutes = now;
      write(`${durationOf(now * MINUTE_SECONDS)}: ${sentence(report, bounds)}\n`);
    },
    close() {},
  };
}

function sentence(report: RunReport, bounds: RunBounds): string {
  const { seconds, sent, truth } = report;
  const rate = seconds > 0 ? sent / seconds : 0;
  const left = secondsLeft(report, bounds);
  const parts = [`${grouped(sent)} sent`, `${grouped(rate)}/s`, `${grouped(truth.active.sessions)} sessions`];
  if (Number.isFinite(left)) parts.push(`${durationOf(left)} left`);
  return parts.join(', ');
}

/** How much of the run is over, 0 to 1. */
function shareOf({ seconds, events }: RunReport, { durationMs, maxEvents }: RunBounds): number {
  return Math.min(1, Math.max((seconds * 1000) / durationMs, events / maxEvents));
}

/** Infinite where nothing is known. */
function secondsLeft({ seconds, events }: RunReport, { durationMs, maxEvents }: RunBounds): number {
  const byCount = events > 0 ? ((maxEvents - events) * seconds) / events : Number.POSITIVE_INFINITY;
  return Math.max(0, Math.min(durationMs / 1000 - seconds, byCount));
}

function barOf(share: number, width: number): string {
  const full = Math.round(share * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
}

/** `1,234,568`; below ten with one decimal, so that a slow rate is not 0. */
function grouped(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 1 : 0 });
}

/** `45 s`, `3 min`, `3 min 20 s`, `2 h 5 min`. */
function durationOf(seconds: number): string {
  const whole = Math.ceil(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  if (hours > 0) return `${hours} h ${minutes} min`;
  if (minutes === 0) return `${whole} s`;
  return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
}
