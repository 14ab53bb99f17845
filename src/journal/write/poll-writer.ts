import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { NO_POLL_YET, POLLED_PROXIES, POLLS, SEEN_SESSIONS, UNFILTERED_POLLS } from '../schema/polls.ts';
import type { PollRecord } from './poll-records.ts';

/** Writes polls, and who was on from which poll to which. */
export class PollWriter {
  /** Rows of earlier runs of the program have numbers up to this one. */
  readonly #before: number;
  readonly #statements: Record<
    'lastPoll' | 'proxy' | 'findProxy' | 'poll' | 'forget' | 'seen' | 'gone' | 'unfiltered',
    StatementSync
  >;
  #hasForgotten = false;

  constructor(database: DatabaseSync) {
    const prepare = (sql: string) => database.prepare(sql);
    this.#before = Number(prepare('SELECT max(id) AS id FROM seen_sessions').get()?.['id'] ?? 0);
    this.#statements = {
      lastPoll: prepare(
        'SELECT number, seen_before + seen AS through FROM polls ORDER BY number DESC LIMIT 1',
      ),
      proxy: prepare(`${POLLED_PROXIES.insert(['host', 'virtual_proxy'])} ON CONFLICT DO NOTHING`),
      findProxy: prepare('SELECT number FROM polled_proxies WHERE host = ? AND virtual_proxy = ?'),
      poll: prepare(POLLS.insert(POLLS.names)),
      forget: prepare(`UPDATE seen_sessions SET gone_poll = ? WHERE id <= ? AND gone_poll = ${NO_POLL_YET}`),
      seen: prepare(SEEN_SESSIONS.insert(SEEN_SESSIONS.names)),
      gone: prepare(SEEN_SESSIONS.update(['gone_poll'], 'id')),
      unfiltered: prepare(
        UNFILTERED_POLLS.insert(['at', 'asked_at', 'host', 'virtual_proxy', 'sessions', 'server', 'answer']),
      ),
    };
  }

  /** A batch was rolled back. */
  reload(): void {
    this.#hasForgotten = false;
  }

  write(polls: readonly PollRecord[]): void {
    if (polls.length === 0) return;
    const { lastPoll, forget } = this.#statements;
    const last = lastPoll.get();
    let number = Number(last?.['number'] ?? 0);
    let through = Number(last?.['through'] ?? 0);
    // What an earlier run saw last, this one sees anew.
    if (!this.#hasForgotten) forget.run(number + 1, this.#before);
    this.#hasForgotten = true;
    for (const poll of polls) {
      number += 1;
      this.#write(poll, number, through);
      through += poll.seen;
    }
  }

  #write(record: PollRecord, number: number, seenBefore: number): void {
    const { host, virtualProxy, at, durationMs, error, sessions, users, seen } = record;
    const { proxy: insertProxy, findProxy, poll, seen: insertSeen, gone, unfiltered } = this.#statements;
    insertProxy.run(host, virtualProxy);
    const proxy = Number(findProxy.get(host, virtualProxy)?.['number']);
    poll.run(number, proxy, at, durationMs, error, sessions, users, seen, seenBefore);
    for (const each of record.gone) gone.run(number, this.#before + each);
    for (const { number: each, id, directory, userId } of record.appeared) {
      insertSeen.run(this.#before + each, proxy, id, directory, userId, number, NO_POLL_YET);
    }
    if (record.unfiltered === null) return;
    const { server = null, text = null } = record.whole ?? {};
    const all = JSON.stringify(record.unfiltered);
    unfiltered.run(at + durationMs, at, host, virtualProxy, all, server, text);
  }
}
