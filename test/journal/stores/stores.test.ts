import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { journalFile, openJournalFile } from '../../../src/journal/journal-file.ts';
import { recoverFile } from '../../../src/journal/recover-file.ts';
import { FORMAT } from '../../../src/journal/schema/schema.ts';
import { Site } from '../../../src/sessions/site.ts';
import { SETTINGS } from '../../sessions/model/event-arbitrary.ts';
import { answersOf, copyKeptStore, folderOf, keptAnswers, STORES } from './stored-answers.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headcount-kept-store-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const kept = readdirSync(STORES).map((name) => Number(name.replace('format-', '')));

describe('a store that was kept', () => {
  it('is there for the format of now; where it is not, make it with npm run make-store', () => {
    expect(kept).toContain(FORMAT);
  });

  it.each(kept)('of format %i is opened, and answers what it did when it was made', (format) => {
    copyKeptStore(format, folder);
    const expected = keptAnswers(format);
    const site = new Site(SETTINGS);
    recoverFile(folder, expected.now, site);
    // As the writer does, after everything was read back.
    openJournalFile(folder, expected.now).close();
    // A later version may say more.
    expect(answersOf(folder, site, expected.now)).toMatchObject(expected);
  });

  it('is never made anew', () => {
    const bytes = () => readFileSync(journalFile(folderOf(FORMAT)));
    const before = bytes();
    const maker = join(import.meta.dirname, 'make-store.ts');
    const { status, stderr } = spawnSync(process.execPath, [maker], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/format-\d+ is there already: raise FORMAT first/),
    ]);
    expect(bytes().equals(before)).toBe(true);
  });
});
