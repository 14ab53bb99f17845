import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Journal } from '../../src/journal/journal.ts';
import { openJournalFile } from '../../src/journal/journal-file.ts';
import { recover } from '../../src/journal/recover.ts';
import { Site } from '../../src/sessions/site.ts';
import { stateOf } from '../../src/sessions/site-state.ts';
import { eventAt } from '../intake/event-under-test.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';

let directory: string;
let site: Site;
let journal: Journal;
let accepted: number;
beforeEach(() => open(1));

async function open(commitIntervalMs: number): Promise<void> {
  directory = mkdtempSync(join(tmpdir(), 'headcount-journal-'));
  accepted = 0;
  site = new Site(SETTINGS);
  const database = openJournalFile(directory, EPOCH);
  const { names, nextSeq } = recover(database, site);
  database.close();
  const settings = { directory, commitIntervalMs, isFollowed: false, retentionMs: 9e12, maxBytes: 9e12 };
  const fail = (error: unknown) => {
    throw new Error(String(error));
  };
  const committed = (events: number) => {
    accepted += events;
  };
  journal = new Journal(settings, site, names, nextSeq, { committed, trouble: fail, failed: fail });
  await journal.start();
}
afterEach(async () => {
  await journal.stop(10_000);
  rmSync(directory, { recursive: true });
});

function add(count: number): void {
  for (let n = 0; n < count; n += 1) {
    const event = eventAt('session_rejected', EPOCH + n);
    journal.add(event, site.apply(event, journal.nextSeq));
  }
}

const books = () => [journal.nextSeq, journal.uncommitted, journal.committedSeq, accepted];

describe('the journal', () => {
  it('knows what was taken, and what of it is on the disk', async () => {
    expect(books()).toEqual([1, 0, 0, 0]);
    await journal.committed();
    add(3);
    expect(books()).toEqual([4, 3, 0, 0]);
    await journal.committed();
    expect(books()).toEqual([4, 0, 3, 3]);
    add(1);
    journal.checkpoint(EPOCH, stateOf(site));
    // Handed over, and not on the disk yet.
    expect(books()).toEqual([5, 1, 3, 3]);
    add(2);
    expect(books()).toEqual([7, 3, 3, 3]);
    expect(await journal.flush(10_000)).toBe(true);
    expect(books()).toEqual([7, 0, 6, 6]);
    expect([journal.trouble, journal.takesState, journal.full]).toEqual([null, true, false]);
  });

  it('is behind from a hundred thousand events on that are not on the disk', async () => {
    add(99_999);
    expect(journal.isBehind()).toBe(false);
    add(1);
    expect([journal.isBehind(), journal.full]).toEqual([true, false]);
    await journal.committed();
    expect([journal.isBehind(), accepted]).toEqual([false, 100_000]);
  });

  it('does not let anybody wait for the interval in which it collects events', async () => {
    await journal.stop(10_000);
    rmSync(directory, { recursive: true });
    // Whoever waited for that would wait for ever.
    await open(2 ** 31 - 1);
    add(1);
    await journal.committed();
    // Right after a commit it collects.
    add(1);
    await new Promise(setImmediate);
    expect(books()).toEqual([3, 1, 1, 1]);
    const both = [journal.committed(), journal.committed()];
    add(1);
    await Promise.all(both);
    await journal.committed();
    expect(books()).toEqual([4, 0, 3, 3]);
  });

  it('takes no more states than the writer answers', async () => {
    for (let n = 0; n < 8; n += 1) {
      expect(journal.takesState).toBe(true);
      journal.checkpoint(EPOCH + n, stateOf(site));
    }
    expect(journal.takesState).toBe(false);
    add(1);
    // Nothing is lost of it.
    journal.checkpoint(EPOCH + 9, stateOf(site));
    await journal.committed();
    expect(books()).toEqual([2, 0, 1, 1]);
    expect(journal.takesState).toBe(true);
  });

  it('has lost nothing when it is closed, and takes nothing after', async () => {
    add(5);
    expect(await journal.stop(10_000)).toBe(0);
    expect(accepted).toBe(5);
    expect([journal.full, journal.isBehind(), journal.takesState]).toEqual([true, true, false]);
    await expect(journal.committed()).rejects.toThrow('the journal is closed');
    const database = openJournalFile(directory, EPOCH);
    expect(database.prepare('SELECT count(*) AS n FROM events').get()).toEqual({ n: 5 });
    database.close();
  });
});
