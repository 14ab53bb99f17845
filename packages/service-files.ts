import { readFileSync } from 'node:fs';
import type { System } from './node-builds.ts';
import { inRoot } from './program.ts';

/** What makes a service of an executable that lies beside it: names and texts. */
export function serviceFiles(system: System): [name: string, text: string][] {
  const read = (path: string): string => readFileSync(inRoot(`service/${path}`), 'utf8');
  if (system === 'linux-x64') return [['headcount.service', unitOfExecutable(read('headcount.service'))]];
  return ['install.ps1', 'uninstall.ps1'].map((name) => [name, read(`windows/${name}`)]);
}

/** @throws where the unit does not start Node as we know it */
function unitOfExecutable(unit: string): string {
  const command = /^# The Node that .*\nExecStart=\S+\/node --max-semi-space-size=8 src\/main\.ts (.*)$/m;
  if (!command.test(unit)) throw new Error('headcount.service starts something else');
  return unit.replace(command, 'ExecStart=/opt/headcount/headcount $1').replace(/^Documentation=.*\n/m, '');
}
