import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DeliveryStore } from '../../src/delivery/delivery-store.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headcount-delivery-'));
  file = join(folder, 'delivery.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

it('a file that is as it must be is opened without writing, so that a full disk or another writer is no matter', () => {
  new DeliveryStore(folder).close();
  const other = new DatabaseSync(file);
  other.exec('BEGIN IMMEDIATE');
  const store = new DeliveryStore(folder, 0);
  expect(store.sinks()).toEqual([]);
  store.close();
  other.close();
});

it('something else in its place is said with its name', () => {
  writeFileSync(file, 'not a database at all, '.repeat(100));
  expect(() => new DeliveryStore(folder)).toThrow(`${file}: damaged (file is not a database)`);
  expect(() => new DeliveryStore(join(folder, 'missing'))).toThrow(
    /missing.delivery\.db: ENOENT: no such file/,
  );
});

it('one of a newer version is left as it is', () => {
  const newer = new DatabaseSync(file);
  newer.exec('CREATE TABLE cursors (a); PRAGMA user_version = 2');
  newer.close();
  expect(() => new DeliveryStore(folder)).toThrow(/format 2, this version reads 1; nothing was changed$/);
});
