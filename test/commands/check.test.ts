import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registerCheck } from '../../src/commands/check.ts';
import { runCommand } from './command-under-test.ts';

describe('headcount check', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'headcount-check-'));
    writeFileSync(join(folder, 'bad.yaml'), 'reciever: []\napi: { port: abc }\n');
    writeFileSync(join(folder, 'good.yaml'), 'api: { port: 0 }\nblacklist: [ { directory: INTERNAL } ]\n');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('writes every problem on a line of its own to stderr and exits with 78', async () => {
    const { stdout, stderr, exitCode } = await runCommand(
      registerCheck,
      ['check', '--config', 'bad.yaml'],
      folder,
    );
    expect(stderr).toBe(
      'bad.yaml:1:1 reciever: unknown key, did you mean "receivers"?\n' +
        'bad.yaml:2:14 api.port: expected integer 0-65535, got "abc"\n',
    );
    expect([stdout, exitCode]).toEqual(['', 78]);
  });

  it('says in plain words what a good file would do', async () => {
    const { stdout, stderr, exitCode } = await runCommand(
      registerCheck,
      ['check', '--config', 'good.yaml'],
      folder,
    );
    expect(stdout).toBe(
      [
        'good.yaml: ok',
        '  receives on UDP [::]:9997 (open to the network), TCP 127.0.0.1:9998',
        '  answers on http://127.0.0.1:0 (any free port)',
        `  keeps 90d, at most 10GB, in ${join(folder, 'data')}`,
        '  sends to no sink; blacklist rules: 1',
        '  ends a session 35m after its last activity',
        '',
      ].join('\n'),
    );
    expect([stderr, exitCode]).toEqual(['', 0]);
  });

  it('fills in the environment, and says where a variable is missing', async () => {
    writeFileSync(join(folder, 'filled.yaml'), `store: { path: "/srv/\${FOLDER}" }\n`);
    const argv = ['check', '--config', 'filled.yaml'];
    const { stdout } = await runCommand(registerCheck, argv, folder, { FOLDER: 'headcount' });
    expect(stdout).toContain(' in /srv/headcount\n');
    const { stderr, exitCode } = await runCommand(registerCheck, argv, folder);
    expect(stderr).toBe('filled.yaml:1:16 store.path: environment variable FOLDER is not set\n');
    expect(exitCode).toBe(78);
  });

  it('says that the defaults apply where there is no file', async () => {
    const { stdout, exitCode } = await runCommand(registerCheck, ['check'], folder);
    expect(stdout).toMatch(/^no config\.yaml here, the defaults apply: ok\n/);
    expect(exitCode).toBe(0);
  });

  it('exits with 78 when a named file is missing', async () => {
    const { stderr, exitCode } = await runCommand(registerCheck, ['check', '--config', 'gone.yaml'], folder);
    expect([stderr, exitCode]).toEqual(['gone.yaml: there is no such file\n', 78]);
  });
});
