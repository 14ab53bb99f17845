/*
 * Makes what people can install without the internet, in `dist`:
 *
 *   npm run package               everything: headcount-VERSION.tgz, and the folders linux-x64 and win-x64 with an executable
 *   npm run package -- npm        one of them: npm, linux-x64, win-x64
 *
 * Nothing is signed. Whoever ships an executable for Windows signs it first, then packs its folder.
 */
import { copyFileSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeExecutable } from './executable.ts';
import { licencesOf } from './licences.ts';
import { fetchNode, nodeLicence, SYSTEMS, type System } from './node-builds.ts';
import { LICENCES, packForNpm } from './npm-package.ts';
import { bundleProgram, inRoot } from './program.ts';
import { serviceFiles } from './service-files.ts';

const dist = inRoot('dist');
const all = Object.keys(SYSTEMS) as System[];
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !['npm', ...all].includes(name));
if (unknown.length > 0) {
  process.stderr.write(`${unknown.join(', ')}: there is npm, ${all.join(', ')}\n`);
  process.exit(64);
}
const isWanted = (name: string): boolean => wanted.length === 0 || wanted.includes(name);

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
const program = await bundleProgram();
if (isWanted('npm')) say(packForNpm(program, dist));
for (const system of all.filter(isWanted)) say(makeFolder(system));

/** With an executable, and what belongs to it; returns the path of the executable. */
function makeFolder(system: System): string {
  const folder = join(dist, system);
  mkdirSync(folder);
  for (const file of ['LICENSE', 'config.example.yaml']) copyFileSync(inRoot(file), join(folder, file));
  for (const [name, text] of serviceFiles(system)) writeFileSync(join(folder, name), text);
  const licences = [licencesOf(program.packages), `Node.js\n\n${nodeLicence()}`];
  writeFileSync(join(folder, LICENCES), licences.join(`\n${'-'.repeat(80)}\n\n`));
  const file = join(folder, SYSTEMS[system].executable);
  makeExecutable(program, system, fetchNode(system), file);
  return file;
}

function say(file: string): void {
  process.stdout.write(`${file}: ${(statSync(file).size / 1e6).toFixed(1)} MB\n`);
}
