import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inRoot, type Program } from './program.ts';
import { withoutSignature } from './signature.ts';

/** As Node documents it: https://nodejs.org/docs/latest-v24.x/api/single-executable-applications.html */
const RESOURCE = 'NODE_SEA_BLOB';
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/**
 * Makes one file of Node and the program. `node`: an executable of the Node that runs this, of the very same version, for the
 * system where the result shall run. It has no signature.
 */
export function makeExecutable(program: Program, node: string, file: string): void {
  const work = mkdtempSync(join(tmpdir(), 'headcount-executable-'));
  try {
    const blob = join(work, 'blob');
    const assets = writeModules(program, join(work, 'modules'));
    const main = inRoot('packages/inside.js');
    const config = {
      main,
      output: blob,
      disableExperimentalSEAWarning: true,
      // As `npm start` does. Threads take over what the first one was told, and so load their modules from inside, too.
      execArgv: [
        '--max-semi-space-size=8',
        '--import',
        `data:text/javascript,${encodeURIComponent(readFileSync(main, 'utf8'))}`,
      ],
      assets,
    };
    writeFileSync(join(work, 'config.json'), JSON.stringify(config));
    execFileSync(process.execPath, ['--experimental-sea-config', join(work, 'config.json')], {
      stdio: 'pipe',
    });
    writeFileSync(file, withoutSignature(readFileSync(node)));
    chmodSync(file, 0o755);
    // A process of its own, since it writes warnings of names of sections that do not matter.
    execFileSync(
      process.execPath,
      [inRoot('node_modules/postject/dist/cli.js'), file, RESOURCE, blob, '--sentinel-fuse', FUSE],
      { stdio: 'pipe' },
    );
  } finally {
    rmSync(work, { recursive: true });
  }
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
