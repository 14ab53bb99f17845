import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Program, ProgramFolder, until } from '../program/program.ts';
import { delivered, post } from '../program/program-with-sink.ts';

const BACKUP = resolve(import.meta.dirname, '../../service/backup.ts');

let folder: ProgramFolder;
beforeEach(() => {
  folder = new ProgramFolder('sinks: [{ type: console }]\n');
});
afterEach(() => folder.dispose());

function backUp(store: string, target: string) {
  const { status, stderr } = spawnSync(process.execPath, [BACKUP, store, target], { encoding: 'utf8' });
  return { status, stderr };
}

function send(program: Program, from: number, to: number): Promise<void> {
  const events = Array.from({ length: to - from }, (_, n) => {
    return { type: 'session_start', user: { directory: 'LAB', id: `user${from + n}` }, host: 'node1' };
  });
  return post(program, events);
}

const activeUsers = async (program: Program) => {
  const { active } = await program.get<{ active: { users: number } }>('/api/v1/counts');
  return active.users;
};

it('copies the store of a running Headcount, and another one goes on with the copy', async () => {
  const program = await Program.start(folder);
  await send(program, 0, 300);
  // The sink begins a moment after the program listens.
  await delivered(program, 300);
  const copy = join(folder.path, 'copy');
  expect(backUp(folder.store, copy)).toEqual({ status: 0, stderr: '' });
  // Unhindered, and not in the copy.
  await send(program, 300, 400);
  await until(
    () => activeUsers(program),
    (users) => users === 400,
  );
  expect(await program.stop()).toBe(0);
  expect(readdirSync(copy).sort()).toEqual(['delivery.db', 'headcount.db']);
  expect(statSync(join(copy, 'headcount.db')).mode & 0o077).toBe(0);

  folder.write(`store: { path: ${copy} }\n`);
  const restored = await Program.start(folder);
  expect(await activeUsers(restored)).toBe(300);
  await send(restored, 300, 301);
  await until(
    () => activeUsers(restored),
    (users) => users === 301,
  );
  expect(await restored.stop()).toBe(0);
});

it('copies the store of one that was stopped', async () => {
  const program = await Program.start(folder);
  await send(program, 0, 10);
  await program.stop();
  const before = readdirSync(folder.store).sort();
  const copy = join(folder.path, 'copy');
  expect(backUp(folder.store, copy)).toEqual({ status: 0, stderr: '' });
  // Nothing is left behind, and nothing in its place a second time.
  expect(readdirSync(folder.store).sort()).toEqual(before);
  expect(backUp(folder.store, copy)).toEqual({
    status: 64,
    stderr: `${copy} is there already; name a folder that is not there yet\n`,
  });
  const deeper = backUp(folder.store, join(folder.path, 'gone', 'copy'));
  expect(deeper.status).toBe(1);
  expect(deeper.stderr).toMatch(/^no backup: ENOENT: no such file or directory, mkdir .*\n$/);
});

it('says what is missing', () => {
  expect(backUp(folder.path, join(folder.path, 'copy'))).toEqual({
    status: 64,
    stderr: `${folder.path}: there is no headcount.db\n`,
  });
  const gone = join(folder.path, 'gone');
  expect(backUp(gone, join(folder.path, 'copy'))).toEqual({
    status: 64,
    stderr: `${gone}: there is no such store\n`,
  });
});
