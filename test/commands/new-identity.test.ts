import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { registerNewIdentity } from '../../src/commands/new-identity.ts';
import { DeliveryStore } from '../../src/delivery/delivery-store.ts';
import { metaOf } from '../../src/journal/checkpoint.ts';
import { lockStore } from '../../src/journal/journal-file.ts';
import { applyVisits } from '../delivery/visits.ts';
import { StoredSite } from '../journal/stored-site.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { runCommand } from './command-under-test.ts';

let stored: StoredSite;
beforeEach(() => {
  stored = new StoredSite(SETTINGS);
  writeFileSync(join(stored.directory, 'config.yaml'), 'store: { path: . }\n');
});
afterEach(() => stored.dispose());

const command = () => runCommand(registerNewIdentity, ['new-identity'], stored.directory);

it('gives a copy a name of its own, and leaves what it knows and how far its sinks are', async () => {
  applyVisits(stored, 20, EPOCH);
  stored.commit(EPOCH, true);
  const before = metaOf(stored.database, 'store');
  const seq = stored.lastSeq;
  const delivery = DeliveryStore.of(stored.directory, before);
  delivery.cursor('questdb', 'events', 1);
  delivery.delivered('questdb', 'events', 12);
  delivery.close();
  const { stdout: said } = await command();
  stored.killAndRestart();
  const now = metaOf(stored.database, 'store');
  expect(now).not.toBe(before);
  expect(said).toBe(`${stored.directory}: the store was ${before} and is ${now} from now on\n`);
  expect(stored.lastSeq).toBe(seq);
  const after = DeliveryStore.of(stored.directory, now);
  expect(after.cursor('questdb', 'events', 1)).toMatchObject({ done: 12, delivered: 12 });
  after.close();
});

it('changes nothing while a Headcount runs with the store', async () => {
  const unlock = lockStore(stored.directory);
  const before = metaOf(stored.database, 'store');
  await expect(command()).rejects.toThrow('in use by another Headcount');
  expect(metaOf(stored.database, 'store')).toBe(before);
  unlock();
});
