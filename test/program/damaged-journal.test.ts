import { readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { journalFile } from '../../src/journal/journal-file.ts';
import { Program, ProgramFolder, until } from './program.ts';

const PAGE_BYTES = 4_096;

let folder: ProgramFolder;
let program: Program;
beforeEach(() => {
  folder = new ProgramFolder();
});
afterEach(async () => {
  await program.end('SIGKILL');
  folder.dispose();
});

/** Makes the first page of a table or index unreadable. */
function damage(name: string): void {
  const file = journalFile(folder.store);
  const database = new DatabaseSync(file);
  const root = database.prepare('SELECT rootpage FROM sqlite_master WHERE name = ?').get(name);
  database.close();
  const page = Number(root?.['rootpage']);
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.fill('garbage!', (page - 1) * PAGE_BYTES, page * PAGE_BYTES));
}

function post(user: string): Promise<Response> {
  return fetch(`${program.api}/api/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([{ type: 'session_start', user: { directory: 'LAB', id: user }, host: user }]),
  });
}

it('damage that is met while it runs is said, goes on being said, and is not taken for a success', async () => {
  program = await Program.start(folder);
  expect((await post('anna')).status).toBe(202);
  expect(await program.stop()).toBe(0);
  damage('strings_text');
  program = await Program.start(folder);
  const posted = post('bert').catch(() => null);
  const { detail } = await until(
    () => program.get<{ detail: { journalTrouble: string | null } }>('/readyz'),
    (ready) => ready.detail.journalTrouble !== null,
  );
  expect(detail.journalTrouble).toMatch(/damaged \(database disk image is malformed\); put a backup/);
  expect((await post('carl')).status).toBe(503);
  // The counts of now are in memory.
  await program.get('/api/v1/counts');
  const { items } = await program.get<{ items: object[] }>('/api/v1/events');
  expect(items.length).toBe(1);
  expect(program.log.filter(({ kind }) => kind === 'commit failed').length).toBe(1);
  let said = '';
  program.child.stderr?.on('data', (text) => {
    said += text;
  });
  expect(await program.stop()).toBe(1);
  expect(said).toMatch(/^events that had been taken and are lost: 1; [^\n]*damaged[^\n]*\n$/);
  await posted;
});

it('a page that cannot be read is an error of those who ask for it alone', async () => {
  program = await Program.start(folder);
  expect((await post('anna')).status).toBe(202);
  expect(await program.stop()).toBe(0);
  damage('users_folded');
  program = await Program.start(folder);
  expect((await fetch(`${program.api}/api/v1/sessions?user=LAB%5Canna`)).status).toBe(500);
  expect((await fetch(`${program.api}/api/v1/events`)).status).toBe(200);
  expect(program.log).toContainEqual(
    expect.objectContaining({ msg: 'request failed', error: 'database disk image is malformed' }),
  );
});
