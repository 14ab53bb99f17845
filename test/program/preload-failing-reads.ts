import { spawnSync } from 'node:child_process';
import { DatabaseSync } from 'node:sqlite';
import { isMainThread } from 'node:worker_threads';

/*
 * Lets reads fail from the first question to a database on, which the store is asked, for `node --import`: what Node reads before, in order to run the
 * program at all, is read well. `?pipes` is where libfiu listens, and each `?command` is for it.
 */
const { searchParams } = new URL(import.meta.url);
const { exec, prepare } = DatabaseSync.prototype;
let isFailing = !isMainThread;

function fail(): void {
  isFailing = true;
  const commands = searchParams.getAll('command').flatMap((command) => ['-c', command]);
  const told = ['-f', searchParams.get('pipes') ?? '', ...commands, String(process.pid)];
  const { status, stdout, stderr } = spawnSync('fiu-ctrl', told, { encoding: 'utf8' });
  if (status !== 0 || stdout !== '') throw new Error(`fiu-ctrl: ${stdout}${stderr}`);
}

DatabaseSync.prototype.exec = function (...given) {
  if (!isFailing) fail();
  return exec.apply(this, given);
};
DatabaseSync.prototype.prepare = function (...given) {
  if (!isFailing) fail();
  return prepare.apply(this, given);
};
