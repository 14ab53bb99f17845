import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SETTINGS, type Step, steps } from './model/event-arbitrary.ts';
import { SessionModel, userName } from './model/session-model.ts';
import { TrackerUnderTest } from './tracker-under-test.ts';

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 1_500);

function play(target: SessionModel | TrackerUnderTest, step: Step): void {
  if (step.type === 'batch') for (const event of step.events) target.apply(event);
  else if (step.type === 'sweep') target.sweep(step.now);
  else if (step.type === 'exclude') target.exclude((user) => step.users.includes(userName(user)), step.now);
  else if (step.type === 'lose') target.lose(step.host, step.reason, step.now);
  else target.restart(step.stoppedAt, step.startedAt);
}

describe('the session tracker', () => {
  test('agrees with the brute-force model after every step of any stream', () => {
    fc.assert(
      fc.property(steps(), (stream) => {
        const model = new SessionModel(SETTINGS);
        const tracker = new TrackerUnderTest(SETTINGS);
        for (const step of stream) {
          play(model, step);
          play(tracker, step);
          const view = tracker.view();
          expect(view).toEqual(model.view());
          if (step.type === 'batch') continue;
          const now = step.type === 'restart' ? step.startedAt : step.now;
          for (const host of tracker.identities.hosts.keys()) {
            expect(tracker.reasonsOf(host, now)).toEqual(model.reasonsOf(host, now));
          }
          expect(view.created - view.destroyed).toBe(view.active.sessions);
        }
      }),
      { numRuns: RUNS },
    );
  });
});
