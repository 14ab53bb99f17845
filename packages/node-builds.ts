import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inRoot } from './program.ts';

/** Of `devDependencies`: the Node that the tests run with is the one that is shipped. */
const VERSION = '24.21.0';

/** Node's own builds, as packages of npm carry them. `sha512`: of the package, as the registry has it. */
export const SYSTEMS = {
  'linux-x64': {
    node: 'bin/node',
    executable: 'headcount',
    sha512: '3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  'win-x64': {
    node: 'bin/node.exe',
    executable: 'headcount.exe',
    sha512: '0ddSuAi9KnmYzfjJwKfFUO5YfljMVfa9smiGRQXmp5QGhm8KXk7xbqkFNeaPXVaL6sfZ5oGfCD7q8wWY/TnypA==',
  },
} as const;

export type System = keyof typeof SYSTEMS;

/**
 * Fetches the Node of a system by npm, once; it stays in `node_modules/.cache`. Returns the path of its executable.
 *
 * @throws where it cannot be had, or is not what it was
 */
export function fetchNode(system: System): string {
  if (process.versions.node !== VERSION) {
    throw new Error(`only Node ${VERSION} can make executables of it; this is ${process.versions.node}`);
  }
  return join(fetchBuild(system), SYSTEMS[system].node);
}

/** The licence of Node and of all that is in it; only the build for Linux brings it. */
export function nodeLicence(): string {
  return readFileSync(join(fetchBuild('linux-x64'), 'LICENSE'), 'utf8');
}

/** Whether the Node of a system is there already. */
export function isFetched(system: System): boolean {
  return existsSync(folderOf(system));
}

const nameOf = (system: System): string => `node-${system}@${VERSION}`;

function folderOf(system: System): string {
  return inRoot(join('node_modules/.cache/headcount', nameOf(system)));
}

function fetchBuild(system: System): string {
  const [name, folder] = [nameOf(system), folderOf(system)];
  if (isFetched(system)) return folder;
  mkdirSync(dirname(folder), { recursive: true });
  const work = mkdtempSync(join(dirname(folder), 'fetching-'));
  try {
    const file = execFileSync('npm', ['pack', '--silent', name], { cwd: work, encoding: 'utf8' }).trim();
    const packed = join(work, file);
    const got = createHash('sha512').update(readFileSync(packed)).digest('base64');
    if (got !== SYSTEMS[system].sha512) throw new Error(`${name} is not what it was: sha512 ${got}`);
    execFileSync('tar', ['-xzf', packed, '-C', work, '--exclude', 'package/include']);
    // Whole or not at all.
    renameSync(join(work, 'package'), folder);
  } finally {
    rmSync(work, { recursive: true });
  }
  return folder;
}
