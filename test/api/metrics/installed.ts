import { spawnSync } from 'node:child_process';

/** Whether a program is on this machine. Where it is not its tests are skipped, but not in continuous integration. */
export function isInstalled(program: string, debianPackage: string): boolean {
  if (spawnSync(program, ['--version']).error === undefined) return true;
  const missing = `${program} is not installed (apt-get install ${debianPackage})`;
  if (process.env['CI'] === 'true') throw new Error(missing);
  process.stderr.write(`skipped: ${missing}\n`);
  return false;
}
