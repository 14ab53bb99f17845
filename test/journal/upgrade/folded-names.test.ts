import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { journalFile } from '../../../src/journal/journal-file.ts';
import { numbersOfUser } from '../../../src/journal/read/filters.ts';
import { SETTINGS } from '../../sessions/model/event-arbitrary.ts';
import { StoredSite } from '../stored-site.ts';
import { copyKeptStore } from '../stores/stored-answers.ts';

let stored: StoredSite;
beforeEach(() => {
  stored = new StoredSite(SETTINGS);
});
afterEach(() => stored.dispose());

it.each([2, 3])(
  'a store of format %i, which compared in lower case, finds users in every spelling from the upgrade on',
  (format) => {
    stored.replace((directory) => {
      copyKeptStore(format, directory);
      const database = new DatabaseSync(journalFile(directory));
      const add = database.prepare('INSERT INTO users VALUES (?, ?, ?, ?, ?)');
      add.run(900_001, 'LAB', 'Ju\u0308rgen', 'lab', 'ju\u0308rgen');
      add.run(900_002, null, 'Straße', '', 'straße');
      database.close();
    });
    const found = (directory: string | null, id: string) => {
      const [sql, values] = numbersOfUser({ directory, id });
      return stored.database.prepare(sql).all(...values);
    };
    expect(found('lab', 'J\u00dcRGEN')).toEqual([{ number: 900_001 }]);
    expect(found(null, 'STRASSE')).toEqual([{ number: 900_002 }]);
    expect(found('acme', 'ANNA')).toEqual(found('ACME', 'Anna'));
  },
);
