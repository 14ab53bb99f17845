import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { registerApps } from '../../src/commands/apps.ts';
import { parseAppsFile } from '../../src/config/files.ts';
import { app, StandInQrs, settingsFor } from '../app-names/stand-in-qrs.ts';
import { runCommand } from './command-under-test.ts';

let folder: string;
let qrs: StandInQrs;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headcount-apps-'));
  qrs = await StandInQrs.start();
  qrs.apps = [app('ID-1', 'Sales, "new"; 日本'), app('id-2', '=1+1'), app('id-3', 'it\'s "quoted')];
});
afterEach(async () => {
  await qrs.stop();
  rmSync(folder, { recursive: true });
});

const apps = (...argv: string[]) => runCommand(registerApps, ['apps', ...argv], folder);
const asked = () => {
  const {
    host,
    port,
    servername,
    certificates: { cert, key, ca },
  } = settingsFor(qrs);
  return [
    '--host',
    host,
    '--port',
    `${port}`,
    '--servername',
    servername ?? '',
    '--cert',
    cert,
    '--key',
    key,
    '--ca',
    ca,
  ];
};

describe('headcount apps', () => {
  it('prints the names of a site as CSV, which are the same when Headcount reads them', async () => {
    const { host, port, servername, certificates } = settingsFor(qrs);
    writeFileSync(
      join(folder, 'config.yaml'),
      JSON.stringify({ apps: { qrs: { host, port, servername, certificates } } }),
    );
    const { stdout, stderr, exitCode } = await apps();
    expect([stderr, exitCode]).toEqual(['', 0]);
    expect(stdout).toMatch(/^id,name\n/);
    expect(Object.fromEntries(parseAppsFile(stdout, 'apps.csv'))).toEqual({
      'id-1': 'Sales, "new"; 日本',
      'id-2': '=1+1',
      'id-3': 'it\'s "quoted',
    });
    expect((await apps(...asked())).stdout).toBe(stdout);
  });

  it('writes a file whole or not at all', async () => {
    writeFileSync(join(folder, 'apps.csv'), 'before');
    qrs.fault = { status: 500 };
    await expect(apps(...asked(), '--output', 'apps.csv')).rejects.toThrow(
      'it failed on its side (status 500)',
    );
    expect(readFileSync(join(folder, 'apps.csv'), 'utf8')).toBe('before');
    qrs.fault = null;
    expect(await apps(...asked(), '--output', 'apps.csv')).toEqual({
      stdout: '',
      stderr: 'apps.csv: 3 apps\n',
      exitCode: 0,
    });
    expect(readFileSync(join(folder, 'apps.csv'), 'utf8')).toMatch(/^id,name\nid-1,/);
    expect(readdirSync(folder)).toEqual(['apps.csv']);
  });

  it('says what is missing, and ends with 64', async () => {
    const nobody = 'headcount apps: the configuration has no "apps.qrs"; say --host\n';
    expect(await apps()).toEqual({ stdout: '', stderr: nobody, exitCode: 64 });
    expect((await apps('--port', '1')).stderr).toBe('headcount apps: say --host as well\n');
    const address = await apps('--host', 'a', '--servername', '10.0.0.1');
    expect(address.stderr).toBe('headcount apps: --servername: expected a name, not an address\n');
  });
});
