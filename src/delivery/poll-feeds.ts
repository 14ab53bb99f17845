import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SnapshotSessionRow } from '../contract/rows.ts';
import type { SeenSession } from '../contract/snapshot.ts';
import { type Feed, type IsExcluded, numberSince, type Reading, type Row, readingOf } from './feed.ts';
import { LogFeed } from './log-feed.ts';

/** What polls said: how many were on, who was on, and whole answers. */
export function createPollFeeds(database: DatabaseSync, isExcluded: IsExcluded): Feed[] {
  return [
    new LogFeed(database, {
      name: 'polls',
      table: 'session_snapshots',
      log: 'polls',
      number: 'number',
      committed: 'at + duration_ms',
      tickMs: 1,
      lookBack: 1,
      // A poll without an answer is no row.
      rows: `SELECT p.number, p.at, x.host, x.virtual_proxy, p.sessions, p.users
        FROM polls p JOIN polled_proxies x ON x.number = p.proxy
        WHERE p.number > ? AND p.number <= ? AND p.error IS NULL ORDER BY p.number`,
      toEntry: ([number, at, host, virtualProxy, sessions, users]) => ({
        number: Number(number),
        row: {
          at: Number(at),
          host: String(host),
          virtualProxy: String(virtualProxy),
          sessions: Number(sessions),
          users: Number(users),
        },
      }),
    }),
    new SeenSessionsFeed(database, isExcluded),
    new LogFeed(database, {
      name: 'unfiltered_polls',
      table: 'unfiltered_snapshots',
      log: 'unfiltered_polls',
      number: 'number',
      committed: 'at',
      tickMs: 1,
      lookBack: 1,
      rows: `SELECT number, asked_at, host, virtual_proxy, sessions, server, answer FROM unfiltered_polls
        WHERE number > ? AND number <= ? ORDER BY number`,
      toEntry: ([number, at, host, virtualProxy, sessions, server, answer]) => ({
        number: Number(number),
        // Null where every sink that wants it has it.
        row:
          sessions === null
            ? null
            : {
                at: Number(at),
                host: String(host),
                virtualProxy: String(virtualProxy),
                sessions: JSON.parse(String(sessions)) as SeenSession[],
                ...(server === null ? {} : { server: String(server) }),
                ...(answer === null ? {} : { answer: String(answer) }),
              },
      }),
    }),
  ];
}

/**
 * Every session of every poll. A session is stored once for many polls, and a poll says how many sessions were seen in all polls
 * before it: so the numbers of its own sessions are known, in the order in which those are stored.
 */
class SeenSessionsFeed implements Feed {
  readonly name = 'seen_sessions';
  readonly table = 'snapshot_sessions';
  readonly #last: StatementSync;
  readonly #oldest: StatementSync;
  readonly #polls: StatementSync;
  readonly #sessions: StatementSync;

  readonly #isExcluded: IsExcluded;

  constructor(database: DatabaseSync, isExcluded: IsExcluded) {
    this.#isExcluded = isExcluded;
    const prepare = (sql: string) => database.prepare(sql);
    this.#last = prepare('SELECT seen_before + seen AS n FROM polls ORDER BY number DESC LIMIT 1');
    this.#oldest = prepare('SELECT seen_before + 1 AS n FROM polls ORDER BY number LIMIT 1');
    // Of the polls with equally many before them only the last one has sessions, unless there are none behind it.
    this.#polls = prepare(
      `SELECT p.number, p.proxy, p.at, p.duration_ms, p.seen, p.seen_before, x.host, x.virtual_proxy
       FROM polls p JOIN polled_proxies x ON x.number = p.proxy
       WHERE p.seen > 0 AND p.seen_before >=
         (SELECT seen_before FROM polls WHERE seen_before <= ?1 ORDER BY seen_before DESC LIMIT 1)
         AND p.seen_before < ?2 AND p.seen_before + p.seen > ?1
       ORDER BY p.seen_before`,
    );
    this.#sessions = prepare(
      `SELECT session_id, user_directory, user_id FROM seen_sessions
       WHERE proxy = ?1 AND gone_poll > ?2 AND first_poll <= ?2 ORDER BY id LIMIT ?3 OFFSET ?4`,
    );
  }

  last(): number {
    return Number(this.#last.get()?.['n'] ?? 0);
  }

  oldest(): number {
    return Number(this.#oldest.get()?.['n'] ?? 1);
  }

  read(after: number, limit: number): Reading {
    const from = Math.max(after, this.oldest() - 1);
    const through = Math.max(after, Math.min(from + limit, this.last()));
    const read: { number: number; row: SnapshotSessionRow }[] = [];
    for (const poll of this.#polls.all(from, through)) {
      const before = Number(poll['seen_before']);
      const skipped = Math.max(0, from - before);
      const wanted = Math.min(through, before + Number(poll['seen'])) - before - skipped;
      const sessions = this.#sessions.all(poll['proxy'] ?? 0, poll['number'] ?? 0, wanted, skipped);
      for (const [place, session] of sessions.entries()) {
        read.push({ number: before + skipped + place + 1, row: rowOf(poll, session) });
      }
    }
    return readingOf(read, (row) => this.isExcluded(row), from, through);
  }

  isExcluded(row: Row): boolean {
    return this.#isExcluded((row as SnapshotSessionRow).user);
  }

  /** What was seen does not change. */
  latest(row: Row): Row {
    return row;
  }

  waitingSince(after: number): number | null {
    const poll = this.#polls.get(after, after + 1);
    return poll === undefined ? null : Number(poll['at']) + Number(poll['duration_ms']);
  }

  oldestEvent(): null {
    return null;
  }

  numberAt(time: number): number {
    return numberSince(this, time);
  }
}

type Cells = Readonly<Record<string, unknown>>;

function rowOf(poll: Cells, session: Cells): SnapshotSessionRow {
  const { user_id: id, user_directory: directory } = session;
  return {
    at: Number(poll['at']),
    host: String(poll['host']),
    virtualProxy: String(poll['virtual_proxy']),
    sessionId: String(session['session_id']),
    user: id === null ? null : { directory: directory as string | null, id: String(id) },
  };
}
