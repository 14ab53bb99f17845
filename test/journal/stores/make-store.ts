import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exit, stderr, stdout } from 'node:process';
import type { UserEvent } from '../../../src/contract/event.ts';
import { deliveryFile } from '../../../src/delivery/delivery-file.ts';
import { DeliveryStore } from '../../../src/delivery/delivery-store.ts';
import { journalFile } from '../../../src/journal/journal-file.ts';
import { FORMAT } from '../../../src/journal/schema/schema.ts';
import { eventAt } from '../../delivery/visits.ts';
import { EPOCH, SETTINGS } from '../../sessions/model/event-arbitrary.ts';
import { snapshotOf } from '../../sessions/snapshots/polled-site.ts';
import { StoredSite } from '../stored-site.ts';
import { answersOf, folderOf, SINK } from './stored-answers.ts';

/*
 * Makes the small store that is kept for the format of now, with what it answers:
 *
 *   npm run make-store
 *
 * To be run once, when FORMAT was raised, and committed. A store that is there is never made anew: it has to be what the
 * program of its time wrote.
 */

const MINUTE_MS = 60_000;
const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0';
const USERS = [
  { directory: 'ACME', id: 'anna' },
  { directory: 'acme', id: 'Bert' },
  { directory: null, id: 'carla' },
  { directory: 'LAB', id: 'Jörg Müller' },
  { directory: 'LAB', id: 'dora' },
];

/** One visit of two apps; what differs from one to the next is told by `n`. */
function visit(n: number, at: number): UserEvent[] {
  const common: Partial<UserEvent> = {
    host: `node${(n % 3) + 1}`,
    user: USERS[(n + (n >> 3)) % USERS.length] ?? null,
    virtualProxy: [null, '', 'sales'][n % 3] ?? null,
    sessionKey: n % 2 === 0 ? `key-${n}` : null,
    userAgent: [CHROME, FIREFOX, null][n % 3] ?? null,
    origin: 'AppAccess',
    context: n % 4 === 0 ? '/app/' : null,
    timed: n % 5 !== 0,
  };
  const event = (kind: UserEvent['kind'], afterMs: number, more: Partial<UserEvent> = {}): UserEvent => ({
    ...eventAt(kind, at + afterMs, 'nobody'),
    ...common,
    ...more,
  });
  const events = [
    event('session_start', 0, { result: 0, eventId: n % 6 === 0 ? `identity-${n}` : null }),
    event('connection_open', 2_000, { appId: 'app-1' }),
    event('connection_open', 3_000, {
      appId: `app-${n % 5}`,
      message: n % 7 === 0 ? 'said more: "ü"' : null,
    }),
  ];
  // Some go, some only close their apps, some are still there at the end.
  if (n % 4 !== 3) events.push(event('connection_close', 30_000, { appId: 'app-1' }));
  if (n % 4 === 2) events.push(event('connection_close', 31_000, { appId: `app-${n % 5}` }));
  if (n % 4 < 2)
    events.push(event('session_stop', 40_000, { originalAt: n % 8 === 0 ? at - 90_000_000 : null }));
  return events;
}

/** Lines that are no part of a visit, about `at`. */
function oddities(at: number): UserEvent[] {
  const number = (rowNumber: number): Partial<UserEvent> => ({ host: 'numbered', rowNumber });
  return [
    { ...eventAt('session_stop', at, 'late'), host: 'node1' },
    { ...eventAt('session_start', at - 5_000, 'late', at + 500), host: 'node1' },
    { ...eventAt('session_stop', at + 1_000, 'orphan') },
    { ...eventAt('connection_close', at + 1_100, 'orphan'), appId: 'app-1' },
    { ...eventAt('connection_open', at + 1_200, 'without-start'), appId: 'app-2' },
    { ...eventAt('session_start', at + 1_300, 'failed'), result: 3 },
    { ...eventAt('session_rejected', at + 1_400, 'refused'), reason: 'parallel_limit', message: 'too many' },
    { ...eventAt('session_rejected', at + 1_500, 'nobody'), user: null, reason: 'authentication' },
    ...[1, 2, 3, 6].map((n) => ({ ...eventAt('connection_open', at + 1_600 + n, 'n'), ...number(n) })),
  ];
}

function play(stored: StoredSite, events: readonly UserEvent[]): void {
  for (const event of events.toSorted((a, b) => a.receivedAt - b.receivedAt)) {
    stored.apply(event);
    if (stored.lastSeq % 5 === 0) stored.commit(event.receivedAt, stored.lastSeq % 2 === 0);
  }
}

const folder = folderOf(FORMAT);
if (existsSync(folder)) {
  stderr.write(
    `${folder} is there already: raise FORMAT first, or delete the folder if that format was never released\n`,
  );
  exit(1);
}

const stored = new StoredSite(SETTINGS);
play(stored, [
  ...Array.from({ length: 40 }, (_, n) => visit(n, EPOCH + n * 20_000)).flat(),
  ...oddities(EPOCH + 5 * MINUTE_MS),
]);
// Polls: one that failed, one of nobody, and sessions that go on from one to the next.
for (const [n, seen] of [['a', 'b'], null, ['b', 'c'], [], ['c']].entries()) {
  const { host, virtualProxy } = { host: `node${(n % 2) + 1}`, virtualProxy: n % 3 === 0 ? '/' : '/sales' };
  const sessions = seen?.map((id, place) => ({ id, user: USERS[place] ?? null }));
  stored.addPoll(
    {
      ...{ host, virtualProxy, at: EPOCH + n * 30_000, durationMs: 40 + n },
      ...{ error: sessions === undefined ? 'it gave no answer' : null, seen: sessions ?? [] },
      ...{
        sessions: sessions?.length ?? null,
        users: sessions?.length ?? null,
        unfiltered: sessions ?? null,
      },
    },
    true,
  );
}
// One snapshot is compared with what is tracked, so that a session is bound to its id.
const snapshot = snapshotOf(EPOCH + 15 * MINUTE_MS, ['polled/1']);
for (const _ of stored.site.takeSnapshot(snapshot, { isExcluded: () => false, now: () => snapshot.at }));
// Some time out, and somebody is excluded. A pause between two looks would be a time in which nobody looked.
for (let at = EPOCH; at < EPOCH + 55 * MINUTE_MS; at += 5_000) stored.site.tracker.sweep(at);
stored.site.tick(EPOCH + 55 * MINUTE_MS);
stored.site.exclude((user) => user.id === 'carla', EPOCH + 55 * MINUTE_MS);
stored.commit(EPOCH + 55 * MINUTE_MS, true);
// A second generation of names, and a tail of events behind the last state.
stored.killAndRestart();
play(stored, Array.from({ length: 7 }, (_, n) => visit(n + 42, EPOCH + 56 * MINUTE_MS + n * 20_000)).flat());
// Events of another Headcount were taken, too.
const edge = { edge: '0123456789abcdef', site: 'berlin', partition: 3, seq: 41 };
stored.addPosition({ ...edge, stream: '2026-11-28T10:00:00Z', streamSeq: 7 });
stored.commit(EPOCH + 60 * MINUTE_MS, false);

const { directory } = stored;
const storeId = String(
  stored.database.prepare("SELECT value FROM meta WHERE key = 'store'").get()?.['value'],
);
const delivery = DeliveryStore.of(directory, storeId);
delivery.cursor(SINK, 'events', 1);
delivery.delivered(SINK, 'events', 20);
delivery.setAside(SINK, 'events', 21, EPOCH, 'not a number', '{"seq":21}');
delivery.delivered(SINK, 'events', 100);
delivery.requestResend(SINK, EPOCH);
delivery.close();

mkdirSync(folder, { recursive: true });
// Everything is in the file itself, so that no log has to be kept with it.
stored.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
copyFileSync(journalFile(directory), journalFile(folder));
copyFileSync(deliveryFile(directory), deliveryFile(folder));
// As it comes back: what is only in memory now is nothing that a later program could know.
stored.killAndRestart();
const answers = answersOf(directory, stored.site, EPOCH + 61 * MINUTE_MS);
writeFileSync(join(folder, 'expected.json'), `${JSON.stringify(answers, null, 1)}\n`);
stored.dispose();
stdout.write(`${folder} is made: commit it, and run npx vitest run test/journal\n`);
