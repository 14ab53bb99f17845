import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectSame } from './expect-same.ts';
import { SETTINGS, type Step, steps } from './model/event-arbitrary.ts';
import { SessionModel, userName } from './model/session-model.ts';
import { TrackerUnderTest } from './tracker-under-test.ts';

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 800);
/** The sender's clock is nowhere taken for right beyond that. */
const MOST_AHEAD_MS = 600_000;

function play(target: SessionModel | TrackerUnderTest, step: Step): void {
  if (step.type === 'batch') for (const event of step.events) target.apply(event);
  else if (step.type === 'sweep') target.sweep(step.now);
  else if (step.type === 'exclude') target.exclude((user) => step.users.includes(userName(user)), step.now);
  else if (step.type === 'lose') target.lose(step.host, step.reason, step.now);
  else target.restart(step.stoppedAt, step.startedAt);
}

function clockAfter(step: Step): number {
  if (step.type === 'batch') return Math.max(...step.events.map(({ receivedAt }) => receivedAt));
  return step.type === 'restart' ? step.startedAt : step.now;
}

function isFarAhead(step: Step, now: number): boolean {
  return step.type === 'batch' && step.events.some(({ at }) => at - now > MOST_AHEAD_MS);
}

describe('the session tracker', () => {
  it('agrees with the brute-force model after every step of any stream', () => {
    fc.assert(
      fc.property(steps(), (stream) => {
        const model = new SessionModel(SETTINGS);
        const tracker = new TrackerUnderTest(SETTINGS);
        let hasWindows = true;
        for (const step of stream) {
          play(model, step);
          play(tracker, step);
          const view = tracker.view();
          expectSame(view, model.view());
          if (step.type !== 'batch') {
            const at = step.type === 'restart' ? step.startedAt : step.now;
            for (const host of tracker.identities.hosts.keys()) {
              expectSame(tracker.reasonsOf(host, at), model.reasonsOf(host, at));
            }
          }
          expect(view.created - view.destroyed).toBe(view.active.sessions);
          const now = clockAfter(step);
          hasWindows &&= !isFarAhead(step, now);
          if (hasWindows && (step.type === 'sweep' || step === stream.at(-1)))
            expectSame(tracker.windows(now), model.windows(now));
        }
      }),
      { numRuns: RUNS },
    );
  }, 600_000);
});
