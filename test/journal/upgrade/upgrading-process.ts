import { writeSync } from 'node:fs';
import { argv } from 'node:process';
import { recoverFile } from '../../../src/journal/recover-file.ts';
import { Site } from '../../../src/sessions/site.ts';
import { SETTINGS } from '../../sessions/model/event-arbitrary.ts';
import { laterSchema, NEXT, rewriteEvents } from './later-schema.ts';

/*
 * A process that upgrades the store in a folder: `upgrading-process.ts FOLDER [block]`. With `block` it stands still in the
 * middle, when all is written and nothing committed, until it is killed.
 */

const [, , directory = '', block] = argv;
const schema = laterSchema(NEXT, [
  {
    to: NEXT,
    run: (database) => {
      rewriteEvents(database);
      if (block === undefined) return;
      writeSync(1, 'in the middle\n');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    },
  },
]);
try {
  recoverFile(directory, Date.now(), new Site(SETTINGS), { schema });
  writeSync(1, 'upgraded\n');
} catch (error) {
  writeSync(1, `${error instanceof Error ? error.message : error}\n`);
}
