import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { makeExecutable } from '../../packages/executable.ts';
import { packForNpm } from '../../packages/npm-package.ts';
import { bundleProgram, type Program } from '../../packages/program.ts';
import { RunningCommand } from '../service/running-command.ts';
import { itIsHeadcount } from './shipped.ts';

const MOST_BYTES = 150e6;

let program: Program;
const folder = mkdtempSync(join(tmpdir(), 'headcount-packages-'));
beforeAll(async () => {
  program = await bundleProgram();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the package for npm, installed without a network', () => {
  const installed = join(folder, 'installed');
  const inPackage = (path: string) => join(installed, 'node_modules/headcount', path);
  beforeAll(() => {
    const packed = packForNpm(program, folder);
    mkdirSync(installed);
    // An empty cache, and no registry that could be reached.
    const nowhere = ['--offline', '--registry', 'http://127.0.0.1:1/', '--cache', join(folder, 'cache')];
    execFileSync('npm', ['install', ...nowhere, packed], { cwd: installed, stdio: 'pipe' });
  });

  itIsHeadcount(() => [process.execPath, inPackage('program/headcount.js')]);

  it('is the command "headcount"', () => {
    const { stdout } = spawnSync('node_modules/.bin/headcount', ['--version'], {
      cwd: installed,
      encoding: 'utf8',
    });
    expect(stdout).toBe(`${packageJson.version}\n`);
  });

  it('needs no other package and runs no script when it is installed', () => {
    const {
      dependencies,
      scripts,
      private: isPrivate,
    } = JSON.parse(readFileSync(inPackage('package.json'), 'utf8'));
    expect([dependencies, scripts, isPrivate]).toEqual([undefined, undefined, undefined]);
    expect(existsSync(join(installed, 'node_modules/fastify'))).toBe(false);
  });

  it('has the licence of every package that is in it', () => {
    const licences = readFileSync(inPackage('THIRD-PARTY-LICENSES.txt'), 'utf8');
    for (const name of ['fastify', 'mqtt', 'preact', 'uplot', 'zod', 'yaml']) {
      expect(licences).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+, (MIT|ISC)$`, 'm'));
    }
  });
});

describe('the executable', () => {
  const executable = join(folder, 'headcount');
  beforeAll(() => makeExecutable(program, process.execPath, executable));

  itIsHeadcount(() => [executable]);

  it('is smaller than 150 MB', () => {
    expect(statSync(executable).size).toBeLessThan(MOST_BYTES);
  });

  it('with --service has its log in a file, and names from the file "environment"', async () => {
    const work = join(folder, 'service');
    mkdirSync(work);
    writeFileSync(
      join(work, 'config.yaml'),
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Headcount's own placeholder
      'receivers: [{ type: udp, host: 127.0.0.1, port: 0 }]\napi: { port: 0, tokens: [{ name: a, token: "${TOKEN}" }] }\n',
    );
    writeFileSync(join(work, 'environment'), 'TOKEN=sixteen-characters\n');
    const running = new RunningCommand(
      ['--service', 'start', '--config', 'config.yaml'],
      work,
      {},
      executable,
    );
    const log = join(work, 'log/headcount.log');
    const { api } = await running.logged('listening', () =>
      existsSync(log) ? readFileSync(log, 'utf8') : '',
    );
    expect((await fetch(`${api}/api/v1/counts`)).status).toBe(401);
    const headers = { authorization: 'Bearer sixteen-characters' };
    expect((await fetch(`${api}/api/v1/counts`, { headers })).status).toBe(200);
    expect(await running.end()).toBe(0);
    expect(running.output).toBe('');
  });
});
