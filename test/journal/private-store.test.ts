import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DeliveryStore } from '../../src/delivery/delivery-store.ts';
import { lockStore, openJournalFile } from '../../src/journal/journal-file.ts';
import { makeStoreFolder, StoreFolderError } from '../../src/journal/private-store.ts';

let parent: string;
let folder: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'headcount-private-'));
  folder = join(parent, 'made', 'data');
});
afterEach(() => rmSync(parent, { recursive: true }));

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

/** Opens everything that there is in a store, and leaves it open: `-wal` and `-shm` are there only then. */
function openAll(): () => void {
  const unlock = lockStore(folder);
  const journal = openJournalFile(folder, 0);
  journal.exec("UPDATE meta SET value = value WHERE key = 'since'");
  const delivery = new DeliveryStore(folder);
  delivery.requestResend('sink', 0);
  return () => {
    delivery.close();
    journal.close();
    unlock();
  };
}

// The disks of Windows have no such rights.
describe.skipIf(process.platform === 'win32')('a store', () => {
  it.each(['000', '022', '077'])('is readable by nobody but its owner under umask %s', (umask) => {
    const before = process.umask(Number.parseInt(umask, 8));
    try {
      const close = openAll();
      const modes = Object.fromEntries(readdirSync(folder).map((name) => [name, modeOf(join(folder, name))]));
      close();
      expect(modeOf(folder)).toBe('700');
      expect(Object.keys(modes)).toContain('headcount.db-wal');
      expect(Object.keys(modes)).toContain('delivery.db-wal');
      expect(new Set(Object.values(modes))).toEqual(new Set(['600']));
    } finally {
      process.umask(before);
    }
  });

  it('that an earlier version left readable is closed when it is opened', () => {
    openAll()();
    chmodSync(folder, 0o755);
    for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o644);
    lockStore(folder)();
    expect(modeOf(folder)).toBe('700');
    for (const name of readdirSync(folder)) expect([name, modeOf(join(folder, name))]).toEqual([name, '600']);
  });

  it('leaves a folder with files of others as it is, and closes its own files', () => {
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o755);
    writeFileSync(join(folder, 'somebody.txt'), '', { mode: 0o644 });
    openAll()();
    expect([modeOf(folder), modeOf(join(folder, 'somebody.txt'))]).toEqual(['755', '644']);
    expect(modeOf(join(folder, 'headcount.db'))).toBe('600');
  });
});

describe('a folder that cannot be made', () => {
  it('is said at once, with the key that names it', () => {
    writeFileSync(join(parent, 'file'), '');
    expect(() => makeStoreFolder(join(parent, 'file'))).toThrow(/^store\.path .* it is a file$/);
    expect(() => makeStoreFolder(join(parent, 'file', 'data'))).toThrow(StoreFolderError);
  });

  it.runIf(process.platform === 'linux')('is not tried for ever below /proc', () => {
    expect(() => makeStoreFolder('/proc/nope/data')).toThrow(
      /^store\.path \/proc\/nope\/data cannot .*ENOENT/,
    );
  });
});
