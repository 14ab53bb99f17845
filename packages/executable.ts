import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import { injectIntoLinux, injectIntoWindows } from './inject.ts';
import type { System } from './node-builds.ts';
import { inRoot, type Program } from './program.ts';

/**
 * Makes one file of Node and the program. `node`: an executable of the Node that runs this, of the very same version, for the
 * system where the result shall run.
 */
export function makeExecutable(program: Program, system: System, node: string, file: string): void {
  const work = mkdtempSync(join(tmpdir(), 'headcount-executable-'));
  try {
    const blob = makeBlob(program, work);
    if (system === 'linux-x64') injectIntoLinux(node, blob, file);
    else injectIntoWindows(node, blob, file, packageJson.version);
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** What an executable has besides Node, which is the same for each system; returns the path. */
function makeBlob(program: Program, work: string): string {
  const main = inRoot('packages/inside.js');
  const inThreads = `data:text/javascript,${encodeURIComponent(readFileSync(main, 'utf8'))}`;
  const config = {
    main,
    output: join(work, 'blob'),
    disableExperimentalSEAWarning: true,
    // The first is that of `npm start`. Threads take over what the first one was told, and so load their modules from inside, too.
    execArgv: ['--max-semi-space-size=8', '--import', inThreads],
    assets: writeModules(program, join(work, 'modules')),
  };
  writeFileSync(join(work, 'config.json'), JSON.stringify(config));
  execFileSync(process.execPath, ['--experimental-sea-config', join(work, 'config.json')], { stdio: 'pipe' });
  return config.output;
}

/** Writes the modules as files; returns the path of each by its name. */
function writeModules({ modules }: Program, folder: string): Record<string, string> {
  mkdirSync(folder);
  return Object.fromEntries(
    [...modules].map(([name, code]) => {
      writeFileSync(join(folder, name), code);
      return [name, join(folder, name)];
    }),
  );
}
