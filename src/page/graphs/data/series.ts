import { effect, type ReadonlySignal, signal } from '@preact/signals';
import { pause } from '../../model/answer.ts';
import { AskError, ask, type Parameters, tokenChanges } from '../../model/ask.ts';
import { clockAhead, comebacks } from '../../model/live.ts';
import { asOf, type WindowName, windowName } from '../../model/look.ts';
import { untilLookedAt } from '../../model/looked-at.ts';
import { merged, type Point, pointOf, type Told } from './points.ts';
import { newestAt, type Span, spanOf, tailOf, untilRefreshMs, wholeOf } from './spans.ts';

/** What is known of the points of the window. They stay while others are asked for, and while none can be had. */
export interface KnownSeries {
  /** The window and the moment at which it ends (null for now) that the points are of; null before the first. */
  readonly of: { readonly window: WindowName; readonly moment: number | null } | null;
  /** What they are the answer to. */
  readonly question: string;
  readonly stepMs: number;
  readonly points: readonly Point[];
  /** Why the latest try failed; null where it did not. */
  readonly problem: string | null;
  readonly isChanging: boolean;
}

const NOTHING: KnownSeries = {
  of: null,
  question: '',
  stepMs: 1_000,
  points: [],
  problem: null,
  isChanging: true,
};

interface Answer {
  readonly stepSeconds: number;
  readonly points: readonly Told[];
}

/** Late lines change old points too, so now and then all of them are asked for again. */
const WHOLE_AGAIN_MS = 600_000;

/**
 * Keeps the points of the window that is looked at, until `stop`. `part` reads signals and says which part of the site they
 * are of; with null nothing is asked, and what is known stays. All points are asked for once, then only the newest.
 */
export function keepSeries(part: () => Parameters | null): {
  readonly known: ReadonlySignal<KnownSeries>;
  readonly stop: () => void;
} {
  const known = signal<KnownSeries>(NOTHING);
  const stop = effect(() => {
    const parameters = part();
    const of = { window: windowName.value, moment: asOf.value };
    void comebacks.value;
    void tokenChanges.value;
    if (parameters === null) return;
    const question = JSON.stringify([parameters, of]);
    known.value = { ...known.peek(), isChanging: true };
    const cancelled = new AbortController();
    void keepOn(parameters, of, cancelled.signal, (change) => {
      if (cancelled.signal.aborted) return;
      // Where there is no answer, points that answer something else are no answer either.
      const before = known.peek().question === question ? known.peek() : { ...NOTHING, question };
      known.value = { ...before, ...change, isChanging: false };
    });
    return () => cancelled.abort();
  });
  return { known, stop };
}

async function keepOn(
  parameters: Parameters,
  of: NonNullable<KnownSeries['of']>,
  cancelled: AbortSignal,
  tell: (change: Partial<KnownSeries>) => void,
): Promise<void> {
  const { window, moment } = of;
  const span = spanOf(window, moment ?? headcountNow(), headcountNow());
  let points: readonly Point[] = [];
  let wholeAt = 0;
  while (!cancelled.aborted) {
    try {
      const newest = points.at(-1);
      const isStale = headcountNow() - wholeAt > WHOLE_AGAIN_MS;
      const tail = newest === undefined || isStale ? null : tailOf(span, newest.at, headcountNow());
      const asked = tail ?? wholeQuestion(span, window, moment);
      const answer = await ask<Answer>('series', { ...parameters, ...asked }, cancelled);
      const newestShown = moment === null ? newestAt(span.stepMs, headcountNow()) : moment;
      const found = answer.points.map(pointOf).filter(({ at }) => at <= newestShown);
      points = tail === null ? found : merged(points, found, span.points);
      if (tail === null) wholeAt = headcountNow();
      tell({ of, stepMs: answer.stepSeconds * 1_000, points, problem: null });
      if (moment !== null) return;
    } catch (error) {
      tell({ problem: error instanceof AskError ? error.message : String(error) });
    }
    await pause(untilRefreshMs(span, headcountNow()), cancelled);
    await untilLookedAt(cancelled);
  }
}

function wholeQuestion(span: Span, window: WindowName, moment: number | null): Parameters {
  return moment === null ? { window } : { ...wholeOf(span, moment) };
}

function headcountNow(): number {
  return Date.now() + clockAhead.peek();
}
