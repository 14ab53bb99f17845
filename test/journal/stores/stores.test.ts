import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openJournalFile } from '../../../src/journal/journal-file.ts';
import { recoverFile } from '../../../src/journal/recover-file.ts';
import { FORMAT } from '../../../src/journal/schema/schema.ts';
import { Site } from '../../../src/sessions/site.ts';
import { SETTINGS } from '../../sessions/model/event-arbitrary.ts';
import { answersOf, keptAnswers, STORES } from './stored-answers.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headcount-kept-store-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const kept = readdirSync(STORES);

describe('a store that was kept', () => {
  it('is there for the format of now; where it is not, make it with npm run make-store', () => {
    expect(kept).toContain(`format-${FORMAT}`);
  });

  it.each(kept)('of %s is opened, and answers what it did when it was made', (store) => {
    cpSync(join(STORES, store), folder, { recursive: true });
    const expected = keptAnswers(store);
    const site = new Site(SETTINGS);
    recoverFile(folder, expected.now, site);
    // As the writer does, after everything was read back.
    openJournalFile(folder, expected.now).close();
    // A later version may say more.
    expect(answersOf(folder, site, expected.now)).toMatchObject(expected);
  });
});
