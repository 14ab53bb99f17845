/*
 * `npm run package`: makes everything that people can install without the internet, in `dist`:
 *
 *   headcount-VERSION.tgz   a package for npm that depends on no other
 *   linux-x64, win-x64      folders with an executable that needs no Node, and what belongs to it
 *
 * Nothing is signed. Whoever ships an executable for Windows signs it first, then packs its folder.
 */
import { copyFileSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { makeExecutable } from './executable.ts';
import { licencesOf } from './licences.ts';
import { fetchNode, nodeLicence, SYSTEMS, type System } from './node-builds.ts';
import { LICENCES, packForNpm } from './npm-package.ts';
import { bundleProgram, inRoot } from './program.ts';

/** Where each of them runs as a service. */
const BESIDE: Readonly<Record<System, readonly string[]>> = {
  'linux-x64': ['service/headcount.service'],
  'win-x64': ['service/windows/install.ps1', 'service/windows/uninstall.ps1'],
};

const dist = inRoot('dist');
rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
const program = await bundleProgram();
say(packForNpm(program, dist));
for (const system of Object.keys(SYSTEMS) as System[]) {
  const folder = join(dist, system);
  mkdirSync(folder);
  for (const file of ['LICENSE', 'config.example.yaml', ...BESIDE[system]]) {
    copyFileSync(inRoot(file), join(folder, basename(file)));
  }
  const licences = [licencesOf(program.packages), `Node.js\n\n${nodeLicence()}`];
  writeFileSync(join(folder, LICENCES), licences.join(`\n${'-'.repeat(80)}\n\n`));
  const file = join(folder, SYSTEMS[system].executable);
  makeExecutable(program, fetchNode(system), file);
  say(file);
}

function say(file: string): void {
  process.stdout.write(`${file}: ${(statSync(file).size / 1e6).toFixed(1)} MB\n`);
}
