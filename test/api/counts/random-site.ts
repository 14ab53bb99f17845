import fc from 'fast-check';
import { NOON, SALES } from '../api-under-test.ts';

const OTHER_APP = '00000000-0000-4000-8000-000000000002';
const MINUTE_MS = 60_000;

/** What the tests of parts ask for. */
export interface PartQuery {
  readonly host?: string;
  readonly virtualProxy?: string;
  readonly app?: string;
}

const optional = <Value>(...values: Value[]) => fc.option(fc.constantFrom(...values), { nil: undefined });

/** Any combination of names, some of which nobody has. */
export const anyPart: fc.Arbitrary<PartQuery> = fc
  .record({
    host: optional('qs1', 'qs2', 'qs9'),
    virtualProxy: optional('sales', 'hdr'),
    app: optional(SALES, OTHER_APP),
  })
  .map((part) => Object.fromEntries(Object.entries(part).filter(([, name]) => name !== undefined)));

const anyTime = fc.oneof(
  fc.integer({ min: -125 * 60, max: 0 }).map((seconds) => NOON + seconds * 1_000),
  fc.integer({ min: -125 * MINUTE_MS, max: 0 }).map((ms) => NOON + ms),
);

/** What happened at a site at such times (ms since 1970 UTC), in order. */
export const eventsAt = (times: fc.Arbitrary<number>) =>
  fc
    .array(
      fc.record({
        at: times.map((at) => new Date(at).toISOString()),
        type: fc.constantFrom(
          ...(['session_start', 'session_start', 'session_stop', 'session_rejected'] as const),
          ...(['connection_open', 'connection_open', 'connection_close'] as const),
        ),
        user: fc.constantFrom(
          ...['ann', 'bob', 'svc_poll'].map((id) => ({ directory: 'LAB', id })),
          { directory: 'NONE', id: 'anonymous1' },
          null,
        ),
        host: fc.constantFrom('qs1', 'qs2', 'qs3'),
        virtualProxy: fc.constantFrom('sales', 'hdr', null),
        appId: fc.constantFrom(SALES, OTHER_APP, null),
      }),
      { minLength: 1, maxLength: 120 },
    )
    .map((events) => events.toSorted((a, b) => (a.at < b.at ? -1 : 1)));

/** Within the two hours before noon, and a little earlier. */
export const anyEvents = eventsAt(anyTime);

export const anyMoment = anyTime;

export function queryOf(query: Readonly<Record<string, string>> | PartQuery): string {
  return new URLSearchParams({ ...query }).toString();
}
