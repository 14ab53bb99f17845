import type { LossReason } from '../../contract/quality.ts';

/** A time in which lines were or may have been lost, as a checkpoint keeps it. */
export interface LossWindow {
  readonly reason: LossReason;
  /** Of a `clock`: the numbers of its latest lines in the journal. Not in earlier states. */
  seqs?: readonly number[];
  /** When it was over, by our clock. */
  to: number;
  /** How many lines were lost; null where nobody can know. */
  lines: number | null;
  /** Open sessions that carry an older epoch are doubtful by it. */
  epoch: number;
  /** Of a restart: sessions that it ended and that no line has taken back. */
  ended: number;
  /** Of a restart: `pending` until its doubtful sessions are ended, `withdrawn` where there was none. */
  stage: 'none' | 'pending' | 'over' | 'withdrawn';
}

/** True where what other sites have sent is not lost by it. */
export function isOfThisMachine(reason: LossReason): boolean {
  return reason === 'downtime' || reason === 'drops';
}

/** Of one host, and of those that touch every host. */
const MOST_WINDOWS = 32;
/** Of one window, so many lines may still be withdrawn. */
const MOST_LINES = 64;

/** Adds a window; where there are too many, the two oldest of one kind become one. */
export function add(windows: LossWindow[], window: LossWindow): void {
  windows.push(window);
  if (windows.length <= MOST_WINDOWS) return;
  const isLike = (a: LossWindow, b: LossWindow) => a.reason === b.reason && a.stage === b.stage;
  const place = windows.findIndex((each, i) => windows.slice(i + 1).some((later) => isLike(each, later)));
  const first = windows[place];
  if (first === undefined) return;
  windows.splice(place, 1);
  const second = windows.slice(place).find((later) => isLike(first, later));
  if (second === undefined) return;
  second.lines = sum(first.lines, second.lines);
  second.ended += first.ended;
  second.to = Math.max(first.to, second.to);
  if (second.seqs) second.seqs = [...(first.seqs ?? []), ...second.seqs].slice(-MOST_LINES);
}

/** Null where one of them is not known. */
export function sum(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}

/** The same list where nothing goes, as nearly always. */
export function left(windows: LossWindow[], stays: (window: LossWindow) => boolean): LossWindow[] {
  return windows.every(stays) ? windows : windows.filter(stays);
}
