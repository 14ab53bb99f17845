import { existsSync, mkdtempSync, rmSync, unwatchFile, watchFile, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { watchForChanges } from '../../src/commands/start.ts';
import { until } from '../receivers/receivers-under-test.ts';

const EVERY_MS = 5;

let folder: string;
let file: string;
/** Of each time that it was told of a change: whether the file was there. */
let told: boolean[];
/** How often the system has told anybody of a look at the file. */
let looks: number;
let unwatch: () => void;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headcount-watch-'));
  file = join(folder, 'config.yaml');
  told = [];
  looks = 0;
});
afterEach(() => {
  unwatch();
  unwatchFile(file);
  rmSync(folder, { recursive: true });
});

function watch(): void {
  unwatch = watchForChanges(file, EVERY_MS, () => told.push(existsSync(file)));
  // Told after it, of the same looks.
  watchFile(file, { interval: EVERY_MS }, () => {
    looks += 1;
  });
}

it('a file that is not there is no change, until it comes and when it goes', async () => {
  watch();
  await until(() => looks === 1);
  expect(told).toEqual([]);
  writeFileSync(file, 'blacklist: []\n');
  await until(() => told.length === 1);
  rmSync(file);
  await until(() => told.length === 2);
  expect(told).toEqual([true, false]);
});

it('an empty file is no change: an editor may empty it before it writes it', async () => {
  watch();
  await until(() => looks === 1);
  writeFileSync(file, 'blacklist: []\n');
  await until(() => told.length === 1);
  const before = looks;
  writeFileSync(file, '');
  await until(() => looks > before);
  expect(told.length).toBe(1);
  writeFileSync(file, 'api: {}\n');
  await until(() => told.length === 2);
});
