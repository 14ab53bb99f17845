import { fixedAppNames } from '../../../src/contract/app-names.ts';
import type { UserEvent } from '../../../src/contract/event.ts';
import type { SessionEventRow, SessionRow } from '../../../src/contract/rows.ts';
import type { Snapshot } from '../../../src/contract/snapshot.ts';
import { createFeeds } from '../../../src/delivery/feeds.ts';
import { RowReader } from '../../../src/delivery/row-reader.ts';
import { noteSiteName } from '../../../src/journal/ids/site-names.ts';
import { Queries } from '../../../src/journal/read/queries.ts';
import { UserAgents } from '../../../src/journal/read/user-agents.ts';
import { SETTINGS } from '../../sessions/model/event-arbitrary.ts';
import { StoredSite } from '../stored-site.ts';

/** A store that knows what its site is called, with the rows that a sink would get of it. */
export class NamedStore {
  readonly stored = new StoredSite(SETTINGS);

  constructor(site: string | null = 'berlin') {
    if (site !== null) this.name(site);
  }

  /** As a start does. */
  name(site: string): void {
    const { directory, lastSeq } = this.stored;
    const { session } = this.stored.site.book.nextNumbers;
    noteSiteName(directory, { site, session, event: lastSeq + 1 }, (line) => {
      throw new Error(line);
    });
  }

  get storeId(): string {
    return String(
      this.stored.database.prepare("SELECT value FROM meta WHERE key = 'store'").get()?.['value'],
    );
  }

  play(events: readonly UserEvent[], at: number): void {
    for (const event of events) this.stored.apply(event);
    this.stored.commit(at, true);
  }

  poll(snapshot: Snapshot): void {
    const circumstances = { isExcluded: () => false, now: () => snapshot.at };
    for (const _ of this.stored.site.takeSnapshot(snapshot, circumstances)) {
      this.stored.commit(snapshot.at, true);
    }
  }

  get queries(): Queries {
    return new Queries(this.stored.database, fixedAppNames(new Map()), new UserAgents());
  }

  #rows(feed: string): unknown[] {
    const { database } = this.stored;
    const reader = new RowReader(database, this.storeId, fixedAppNames(new Map()), new UserAgents());
    const found = createFeeds(database, reader).find(({ name }) => name === feed);
    return found?.read(0, 100_000).entries.map(({ row }) => row) ?? [];
  }

  get events(): SessionEventRow[] {
    return this.#rows('events') as SessionEventRow[];
  }

  get sessions(): SessionRow[] {
    return this.#rows('session_changes') as SessionRow[];
  }

  /** What a database takes for the same row, and which session an event is of. */
  get keys(): string[] {
    const events = this.events.map((row) =>
      [row.saidAt ?? row.at, row.site, row.eventId, row.kind, row.host, row.sessionId].join(' '),
    );
    const sessions = this.sessions.map((row) => [row.firstSeenAt, row.site, row.id, row.host].join(' '));
    return [...events, ...sessions].sort();
  }

  dispose(): void {
    this.stored.dispose();
  }
}
