import { afterEach, expect, it } from 'vitest';
import { fixedAppNames } from '../../src/contract/app-names.ts';
import type { UserEvent } from '../../src/contract/event.ts';
import { Queries } from '../../src/journal/read/queries.ts';
import { UserAgents } from '../../src/journal/read/user-agents.ts';
import { Retention } from '../../src/journal/write/retention.ts';
import { eventOf, SETTINGS } from '../sessions/applications/told.ts';
import { StoredSite } from './stored-site.ts';

const T = Date.UTC(2026, 0, 5, 10);
const DAY = 86_400_000;
const DAYS = 20;

const stored = new StoredSite(SETTINGS, T);
afterEach(() => stored.dispose());

function take(kind: UserEvent['kind'], at: number): void {
  const event = eventOf({ kind, sessionKey: null, userId: 'anna', at, receivedAt: at });
  const applied = stored.site.applyOfApplication(event, stored.lastSeq + 1);
  if (applied !== null) stored.add(event, applied);
}

interface Detail {
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly truncated: boolean;
  readonly timeline: readonly { readonly kind: string; readonly at: string }[];
}

it('notes of a session that goes on for ever are kept no longer than retention says, and the session is', () => {
  take('session_start', T);
  for (let day = 0; day < DAYS; day += 1) {
    for (let n = 0; n < 1_000; n += 1) take('note', T + day * DAY + 1 + n);
    stored.commit(T + day * DAY + 1_000, true);
    // A name gets another number each day.
    stored.killAndRestart();
  }
  const now = T + DAYS * DAY;
  const retention = new Retention(stored.database, { retentionMs: 5 * DAY, maxBytes: 1e15 });
  while (retention.step(now));
  const { n } = stored.database.prepare('SELECT count(*) AS n FROM events').get() as { n: number };
  expect(n).toBeGreaterThanOrEqual(4_000);
  expect(n).toBeLessThan(12_000);
  const store = stored.database.prepare("SELECT value FROM meta WHERE key = 'store'").get()?.['value'];
  const queries = new Queries(stored.database, fixedAppNames(new Map()), new UserAgents());
  const found = queries.session(`${store}-1`, now) as unknown as Detail;
  const oldest = stored.database.prepare('SELECT min(at) AS at FROM events').get() as { at: number };
  expect(oldest.at).toBeGreaterThan(now - 9 * DAY);
  expect(found.timeline).toHaveLength(1_000);
  expect(found).toMatchObject({ startedAt: new Date(T).toISOString(), endedAt: null, truncated: true });
});
