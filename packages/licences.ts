import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot } from './program.ts';

/** Licences that ask for no more than that their text goes along, or for nothing. */
const FREE = new Set([
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'MIT-0',
  'Unlicense',
]);

/**
 * Name, version and licence of each package, such as `node_modules/fastify`, as its authors want it to go along.
 *
 * @throws where a package has another licence than the free ones that we know
 */
export function licencesOf(packages: readonly string[]): string {
  return packages
    .map(inRoot)
    .map(licenceOf)
    .join(`\n${'-'.repeat(80)}\n\n`);
}

function licenceOf(folder: string): string {
  const { name, version, license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  if (!FREE.has(license))
    throw new Error(`${name}: the licence ${JSON.stringify(license)} is not one we know`);
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim());
  const by = typeof author === 'string' ? author : author?.name;
  // Few packages bring no text of their own.
  const noText = `By ${by ?? 'its authors'}, under the words of ${license} as other packages here have them.`;
  return `${[`${name} ${version}, ${license}`, ...(texts.length > 0 ? texts : [noText])].join('\n\n')}\n`;
}
