import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { NtExecutable, NtExecutableResource, Resource } from 'resedit';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { makeExecutable } from '../../packages/executable.ts';
import { fetchNode, isFetched } from '../../packages/node-builds.ts';
import { packForNpm } from '../../packages/npm-package.ts';
import { bundleProgram, type Program } from '../../packages/program.ts';
import { serviceFiles } from '../../packages/service-files.ts';
import { ProgramFolder } from '../program/program.ts';
import { RunningCommand } from '../service/running-command.ts';
import { itIsHeadcount } from './shipped.ts';

const MOST_BYTES = 150e6;
const BUILD_WITHIN_MS = 120_000;
const CONTAINERFILE = readFileSync(resolve(import.meta.dirname, '../../Containerfile'), 'utf8');

/** The words of an instruction of the Containerfile. */
function instruction(name: string): string[] {
  const [, words = '[]'] = new RegExp(`^${name} [^\\[]*(\\[.*\\])$`, 'm').exec(CONTAINERFILE) ?? [];
  return JSON.parse(words);
}

let program: Program;
const folder = mkdtempSync(join(tmpdir(), 'headcount-packages-'));
beforeAll(async () => {
  program = await bundleProgram();
}, BUILD_WITHIN_MS);
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
  }, BUILD_WITHIN_MS);

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

  it('is what the image runs, whose health check says whether it is ready', async () => {
    const config = new ProgramFolder();
    onTestFinished(() => config.dispose());
    const [node, ...entry] = instruction('ENTRYPOINT');
    const command = [...entry, ...instruction('CMD')].map((word) =>
      word === '/etc/headcount/config.yaml' ? config.config : word,
    );
    expect(node).toBe('node');
    const running = new RunningCommand(command, inPackage(''), {});
    const { api } = await running.logged('listening');
    const isHealthy = (port: string) => {
      const [, ...check] = instruction('HEALTHCHECK').map((word) => word.replace(':9999/', `:${port}/`));
      return spawnSync(process.execPath, check).status === 0;
    };
    const { port } = new URL(String(api));
    expect(isHealthy(port)).toBe(true);
    expect(await running.end()).toBe(0);
    expect(isHealthy(port)).toBe(false);
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
  beforeAll(() => makeExecutable(program, 'linux-x64', process.execPath, executable), BUILD_WITHIN_MS);

  itIsHeadcount(() => [executable]);

  it('is what its systemd unit starts', () => {
    const unit = new Map(serviceFiles('linux-x64')).get('headcount.service') ?? '';
    expect(unit).toContain(
      '\nExecStart=/opt/headcount/headcount start --config /etc/headcount/config.yaml\n',
    );
    expect(unit).not.toContain('node_modules');
  });

  it('is smaller than 150 MB', () => {
    expect(statSync(executable).size).toBeLessThan(MOST_BYTES);
  });

  it('has, as the scheduled task of Windows starts it, its log in a file, and names from the file "environment"', async () => {
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

describe.skipIf(!isNodeHere())('the executable for Windows', () => {
  it(
    'is one, is not signed, holds the program, and is smaller than 150 MB',
    () => {
      const file = join(folder, 'headcount.exe');
      makeExecutable(program, 'win-x64', fetchNode('win-x64'), file);
      const made = readFileSync(file);
      expect(made.length).toBeLessThan(MOST_BYTES);
      // It would throw if there were a signature.
      const executable = NtExecutable.from(made);
      expect(executable.is32bit()).toBe(false);
      const { entries } = NtExecutableResource.from(executable);
      const [blob] = entries.filter(({ id }) => id === 'NODE_SEA_BLOB');
      const [longest = ''] = [...program.modules.values()].toSorted(
        (one, other) => other.length - one.length,
      );
      expect(Buffer.from(blob?.bin ?? new ArrayBuffer(0)).includes(longest)).toBe(true);
      const [info] = Resource.VersionInfo.fromEntries(entries);
      expect(info?.getStringValues({ lang: 1033, codepage: 1200 })).toMatchObject({
        ProductName: 'Headcount',
        FileVersion: `${packageJson.version}.0`,
      });
    },
    BUILD_WITHIN_MS,
  );
});

/** The Node for Windows is 36 MB; whoever has packed nothing yet is spared that. */
function isNodeHere(): boolean {
  if (process.env['CI'] !== undefined || isFetched('win-x64')) return true;
  process.stderr.write('skipped: the Node for Windows is not here; "npm run package" fetches it\n');
  return false;
}
