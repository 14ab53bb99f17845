import { effect, type ReadonlySignal, type Signal, signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { AskError, ask, type Parameters, tokenChanges } from './ask.ts';
import { comebacks } from './live.ts';
import { untilLookedAt } from './looked-at.ts';

/** What is known of an answer. `value` stays while it is asked for again, and while it cannot be had. */
export interface Known<Answer> {
  readonly value: Answer | null;
  /** Why the latest try failed; null where it did not. */
  readonly problem: string | null;
  /** What that try was answered with, such as 404, and 0 where nobody answered; null where it did not fail. */
  readonly status: number | null;
  /** An answer is under way to another question than the one `value` answers. */
  readonly isChanging: boolean;
}

export interface Question {
  readonly route: string;
  readonly parameters: Parameters;
}

const WAITING: Known<never> = { value: null, problem: null, status: null, isChanging: true };

/**
 * The answer to a question, asked again whenever it changes, `everyMs` while the page is looked at, and after a loss of the
 * connection. `question` reads signals; null asks nothing.
 */
export function useAnswer<Answer>(
  question: () => Question | null,
  everyMs: number | null,
): ReadonlySignal<Known<Answer>> {
  const known = useSignal<Known<Answer>>(WAITING);
  useEffect(() => keepAnswering(question, everyMs, known), [everyMs]);
  return known;
}

/** As `useAnswer`, for what lives as long as the page. */
export function answerOf<Answer>(
  question: () => Question | null,
  everyMs: number | null,
): ReadonlySignal<Known<Answer>> {
  const known = signal<Known<Answer>>(WAITING);
  keepAnswering(question, everyMs, known);
  return known;
}

function keepAnswering<Answer>(
  question: () => Question | null,
  everyMs: number | null,
  known: Signal<Known<Answer>>,
): () => void {
  let asked = '';
  return effect(() => {
    const asking = question();
    void comebacks.value;
    void tokenChanges.value;
    const text = JSON.stringify(asking);
    if (text !== asked) known.value = { ...known.peek(), isChanging: true };
    asked = text;
    if (asking === null) {
      known.value = { value: null, problem: null, status: null, isChanging: false };
      return;
    }
    const cancelled = new AbortController();
    void askAgain(asking, everyMs, known, cancelled.signal);
    return () => cancelled.abort();
  });
}

async function askAgain<Answer>(
  { route, parameters }: Question,
  everyMs: number | null,
  known: Signal<Known<Answer>>,
  cancelled: AbortSignal,
): Promise<void> {
  while (!cancelled.aborted) {
    try {
      const value = await ask<Answer>(route, parameters, cancelled);
      if (cancelled.aborted) return;
      known.value = { value, problem: null, status: null, isChanging: false };
    } catch (error) {
      if (cancelled.aborted) return;
      const [problem, status] =
        error instanceof AskError ? [error.message, error.status] : [String(error), 0];
      known.value = { ...known.peek(), problem, status, isChanging: false };
    }
    if (everyMs === null) return;
    await pause(everyMs, cancelled);
    await untilLookedAt(cancelled);
  }
}

/** Leaves no listener behind: a question may be asked again for days. */
export function pause(ms: number, cancelled: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const over = (): void => {
      clearTimeout(timer);
      cancelled.removeEventListener('abort', over);
      done();
    };
    const timer = setTimeout(over, ms);
    cancelled.addEventListener('abort', over);
  });
}
