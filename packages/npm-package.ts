import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { licencesOf } from './licences.ts';
import { inRoot, type Program } from './program.ts';

/** Of `package.json` of the repository. */
const KEPT = [
  'name',
  'version',
  'description',
  'keywords',
  'homepage',
  'bugs',
  'repository',
  'license',
  'type',
];
const COPIED = ['LICENSE', 'CHANGELOG.md', 'config.example.yaml'];
/** Below `node_modules` Node runs JavaScript only, and there is nothing that could be installed besides. */
const OWN = { engines: { node: '>=24' }, bin: { headcount: 'program/headcount.js' } };
export const LICENCES = 'THIRD-PARTY-LICENSES.txt';

/** Makes `headcount-VERSION.tgz` in a folder that is there; it depends on no other package. Returns its path. */
export function packForNpm({ modules, packages }: Program, folder: string): string {
  const work = mkdtempSync(join(tmpdir(), 'headcount-npm-'));
  try {
    mkdirSync(join(work, 'program'));
    for (const [name, code] of modules) writeFileSync(join(work, 'program', name), code);
    for (const file of COPIED) copyFileSync(inRoot(file), join(work, file));
    writeFileSync(join(work, 'README.md'), readme());
    writeFileSync(join(work, LICENCES), licencesOf(packages));
    const all = Object.entries(JSON.parse(readFileSync(inRoot('package.json'), 'utf8')));
    const kept = Object.fromEntries(all.filter(([key]) => KEPT.includes(key)));
    writeFileSync(join(work, 'package.json'), `${JSON.stringify({ ...kept, ...OWN }, null, 2)}\n`);
    const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], {
      cwd: work,
      encoding: 'utf8',
    });
    return join(folder, basename(packed.trim()));
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** Its links and pictures are those of the repository. */
function readme(): string {
  const { homepage } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));
  const repository = String(homepage).replace(/#.*$/, '');
  return readFileSync(inRoot('README.md'), 'utf8')
    .replaceAll(/\]\((?!https?:|#)([^)]+)\)/g, `](${repository}/blob/main/$1)`)
    .replaceAll(/src="(?!https?:)([^"]+)"/g, `src="${repository}/raw/main/$1"`);
}
