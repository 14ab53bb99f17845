import fc from 'fast-check';
import type { UserEvent } from '../../../src/contract/event.ts';

export const [TIMEOUT, RESUME, GRACE] = [300_000, 200_000, 15_000];
export const SETTINGS = {
  ...{ timeoutMs: 1_800_000, graceMs: 300_000, maxAgeMs: 86_400_000 },
  applicationTimesOf: () => ({ timeoutMs: TIMEOUT, resumeMs: RESUME, graceMs: GRACE }),
};

export type Told = Pick<UserEvent, 'kind' | 'at' | 'receivedAt' | 'sessionKey'> & {
  readonly userId: string | null;
};

/** An event of the application `shop`. */
export function eventOf({ userId, ...told }: Told): UserEvent {
  const nothing = {
    originalAt: null,
    origin: null,
    context: null,
    appId: null,
    virtualProxy: null,
    rowNumber: null,
  };
  const user = userId === null ? null : { directory: null, id: userId };
  const more = { result: null, userAgent: null, message: null, reason: null, eventId: null };
  return { ...nothing, ...more, ...told, timed: true, host: 'shop', user, application: true };
}

export type Step =
  | { readonly do: 'tell'; readonly told: Omit<Told, 'at' | 'receivedAt'>; readonly behindMs: number }
  | { readonly do: 'beat'; readonly sessionKey: string | null; readonly userId: string | null }
  | { readonly do: 'pass'; readonly ms: number };

// Few names and times near those of the rules, so that they meet.
const keys = fc.constantFrom(null, null, null, 'key-one-1', 'key-two-2');
const users = fc.constantFrom(null, 'anna', 'anna', 'anna', 'key-one-1');
const behind = fc.constantFrom(0, 0, 1_500, 2_400, 10_000, 45_000);
const pauses = fc.constantFrom(500, 2_200, 20_000, 40_000, 59_000, 150_000, 190_000, 301_000);
export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant('tell' as const),
      told: fc
        .record({
          kind: fc.constantFrom(
            'session_start' as const,
            'session_stop' as const,
            'note' as const,
            'note' as const,
          ),
          sessionKey: keys,
          userId: users,
        })
        .filter(({ sessionKey, userId }) => sessionKey !== null || userId !== null),
      behindMs: fc.oneof(behind, behind, fc.integer({ min: 0, max: 90_000 })),
    }),
    fc.record({ do: fc.constant('beat' as const), sessionKey: keys, userId: users }),
    fc.record({
      do: fc.constant('pass' as const),
      ms: fc.oneof(pauses, pauses, fc.integer({ min: 0, max: 400_000 })),
    }),
  ),
  { maxLength: 40, size: 'max' },
);
