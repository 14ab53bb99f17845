import type { DatabaseSync } from 'node:sqlite';
import { type Downtime, Downtimes } from '../../sessions/downtimes.ts';
import type { QualityStatement } from '../../sessions/quality/statement.ts';
import { type TimeOutSettings, timesOutAt } from '../../sessions/time-outs.ts';
import type { Answers } from './answers.ts';
import type { Filters } from './filters.ts';
import { type Items, iso, isoOrNull, type Row } from './items.ts';
import { page } from './page.ts';
import { People } from './people.ts';

export interface ImpactQuestion {
  /** Of the sessions that would be hit. */
  readonly filters: Filters;
  /** How right the picture is at the moment. */
  readonly quality: QualityStatement;
  readonly settings: TimeOutSettings;
  /** Of applications, by their host; milliseconds. */
  readonly applicationTimeOuts: ReadonlyMap<string, number>;
  readonly downtimes: readonly Downtime[];
}

const OPEN_RECORD = `
SELECT s.user, s.open_connections, s.last_seen_at, proxy.text AS virtual_proxy, host.text AS host FROM sessions s
  LEFT JOIN strings host ON host.id = s.host LEFT JOIN strings proxy ON proxy.id = s.virtual_proxy WHERE s.id = ?`;

/** Who is hit if that which the filters name stops now: a summary of all of them, and a page of their sessions. */
export function impactOf(
  database: DatabaseSync,
  items: Items,
  { filters, quality, settings, applicationTimeOuts, downtimes: list }: ImpactQuestion,
  now: number,
): Answers['impact'] {
  const downtimes = new Downtimes();
  downtimes.restore(list);
  const timeOutOf = (row: Row): number | null => {
    if (Number(row['open_connections']) > 0) return null;
    const seenAt = Number(row['last_seen_at']);
    const ofApplication = applicationTimeOuts.get(String(row['host']));
    if (ofApplication !== undefined) return seenAt + ofApplication + downtimes.since(seenAt);
    return timesOutAt(seenAt, row['virtual_proxy'] as string | null, settings, downtimes);
  };
  const { cursor, limit } = filters;
  const people = new People(database);
  const [users, connected] = [new Set<number>(), new Set<number>()];
  const shown: number[] = [];
  let [sessions, lingering] = [0, 0];
  let last: number | null = null;
  const byId = database.prepare(OPEN_RECORD);
  for (const id of items.findSessions({ ...filters, cursor: null, active: true, at: null })) {
    const row: Row = byId.get(id) ?? {};
    const person = people.of(Number(row['user']));
    const timeOut = timeOutOf(row);
    sessions += 1;
    if (person !== null) users.add(person);
    if (person !== null && timeOut === null) connected.add(person);
    if (timeOut !== null) lingering += 1;
    if (timeOut !== null && (last === null || timeOut > last)) last = timeOut;
    if ((cursor === null || id < cursor) && shown.length <= limit) shown.push(id);
  }
  return {
    asOf: iso(now),
    quality: quality.quality,
    reasons: quality.reasons,
    sessions,
    users: users.size,
    connectedUsers: connected.size,
    lingering,
    lastTimeoutAt: isoOrNull(last),
    ...page(
      items.sessionRows(shown),
      limit,
      (row) => ({ ...items.session(row, now), timesOutAt: isoOrNull(timeOutOf(row)) }),
      ({ id }) => String(id),
    ),
  };
}
