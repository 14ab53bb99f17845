import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunningCommand } from './running-command.ts';
import { readUnit, UNIT } from './unit-file.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const CONFIG = '/etc/headcount/config.yaml';
const STORE = '/var/lib/headcount';
/** Milliseconds; `src/main.ts` gives up on its stop after this. */
const STOP_WITHIN = /STOP_WITHIN_MS = ([\d_]+);/;
/** Of 10, where 10 is no protection at all. It is 1.4 for systemd 252; newer ones look at more. */
const EXPOSURE = 2;

const unit = readUnit();
const value = (key: string) => unit.get(key) ?? '';
const page = readFileSync(join(ROOT, 'docs/running.md'), 'utf8');

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headcount-service-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The command of the unit, with the Node, the configuration and the working folder of this test. */
function startUnit(config: string, environment: Readonly<Record<string, string>> = {}): RunningCommand {
  const [node, ...args] = value('ExecStart').split(' ');
  expect(node).toBe(`${value('WorkingDirectory')}/node_modules/.bin/node`);
  expect(args).toContain(CONFIG);
  const file = join(folder, 'config.yaml');
  writeFileSync(file, config);
  // systemd hands down next to nothing of its own environment.
  const env = {
    PATH: '/usr/bin:/bin',
    ...Object.fromEntries([value('Environment').split('=')]),
    ...environment,
  };
  const replaced = args.map((arg) => (arg === CONFIG ? file : arg));
  return new RunningCommand(replaced, ROOT, env);
}

/** config.example.yaml with what docs/running.md appends to it, and with free ports. */
function configOfPage(): string {
  const appended = /^ *printf '(.+)' \| sudo tee -a (\S+)$/m.exec(page);
  expect(appended?.[2]).toBe(CONFIG);
  const yaml = (appended?.[1] ?? '').replaceAll('\\n', '\n');
  expect(yaml).toContain(`path: ${STORE}\n`);
  const example = readFileSync(join(ROOT, 'config.example.yaml'), 'utf8');
  const ports =
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Headcount's own placeholder
    'receivers: [{ type: udp, host: 127.0.0.1, port: 0 }]\napi: { port: 0, tokens: [{ name: a, token: "${TOKEN}" }] }\n';
  return `${example}${yaml.replace(STORE, join(folder, 'store'))}${ports}`;
}

describe('the unit', () => {
  it('starts the program, which is ready, reloads and stops', async () => {
    const running = startUnit(configOfPage(), { TOKEN: 'sixteen-characters' });
    const { api } = await running.logged('listening');
    expect((await fetch(`${api}/readyz`)).status).toBe(200);
    expect((await fetch(`${api}/api/v1/counts`)).status).toBe(401);
    expect(value('ExecReload')).toBe('/bin/kill -HUP $MAINPID');
    running.child.kill('SIGHUP');
    await running.logged('configuration read again');
    expect(await running.end(value('KillSignal') as NodeJS.Signals)).toBe(0);
    await running.logged('stopped');
  });

  it('is not started again where the configuration is wrong', async () => {
    const running = startUnit('blaklist: []\n');
    const code = await running.end(null);
    expect(running.output).toContain('did you mean "blacklist"?');
    expect(value('RestartPreventExitStatus').split(' ')).toContain(String(code));
  });

  it('gives the program more time to stop than it takes', () => {
    const [, within = ''] = STOP_WITHIN.exec(readFileSync(join(ROOT, 'src/main.ts'), 'utf8')) ?? [];
    expect(Number(value('TimeoutStopSec')) * 1_000).toBeGreaterThan(Number(within.replaceAll('_', '')));
  });

  it('has files for 10,000 connections, and the store where the page says', () => {
    expect(Number(value('LimitNOFILE'))).toBeGreaterThan(10_000);
    expect(`/var/lib/${value('StateDirectory')}`).toBe(STORE);
  });

  it('leaves V8 what it needs', () => {
    expect(unit.has('MemoryDenyWriteExecute')).toBe(false);
    expect(value('SystemCallFilter')).toBe('@system-service ~@privileged');
    // Without it os.networkInterfaces() throws, which Fastify calls for `api.host: 0.0.0.0`: it is never ready.
    expect(value('RestrictAddressFamilies').split(' ')).toContain('AF_NETLINK');
  });
});

describe.skipIf(!hasAnalyze())('systemd-analyze', () => {
  it('finds nothing wrong with the unit', () => {
    // It looks for the program, which is not installed here.
    const text = readFileSync(UNIT, 'utf8').replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true');
    mkdirSync(join(folder, 'units'));
    const file = join(folder, 'units/headcount.service');
    writeFileSync(file, text);
    const { stderr, stdout } = spawnSync('systemd-analyze', ['verify', '--man=no', file], {
      encoding: 'utf8',
    });
    const said = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('headcount'));
    // Older than systemd 254; the unit says so.
    expect(said.filter((line) => !/'(RestartSteps|RestartMaxDelaySec)' in section/.test(line))).toEqual([]);
  });

  it(`rates its exposure ${EXPOSURE} or less`, () => {
    const { stdout } = spawnSync(
      'systemd-analyze',
      ['security', '--offline=yes', '--no-pager', UNIT.pathname],
      {
        encoding: 'utf8',
      },
    );
    const [, exposure] = /Overall exposure level for headcount\.service: ([\d.]+)/.exec(stdout) ?? [];
    expect(Number(exposure)).toBeLessThanOrEqual(EXPOSURE);
  });
});

/** `--offline` of `security` came with systemd 250. Continuous integration needs no systemd either. */
function hasAnalyze(): boolean {
  const { stdout, error } = spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' });
  const version = error === undefined ? Number(/^systemd (\d+)/.exec(stdout)?.[1] ?? 0) : 0;
  if (version >= 250) return true;
  process.stderr.write('skipped: systemd-analyze of systemd 250 or newer is not installed\n');
  return false;
}

it('the unit and the page say what a reload takes', () => {
  const [, comment = ''] = /\n((?:#.*\n)+)ExecReload=/.exec(readFileSync(UNIT, 'utf8')) ?? [];
  const [, windows = ''] = /\n(3\. Change `C:[\s\S]*?)\n\n/.exec(page) ?? [];
  for (const key of ['blacklist', '`api.tokens`', '`api.hosts`', '`allow`', 'TLS files']) {
    expect(comment).toContain(key);
    expect(windows).toContain(key);
  }
});

it('the function of the page is for commands that take --config, and no others', () => {
  const [, taking = '', refusing = ''] =
    /The function is for (.*), which take `--config`; ([\s\S]*?) do not/.exec(page) ?? [];
  const helps = (text: string) =>
    [...text.matchAll(/`([a-z-]+)`/g)].map(([, command = '']) => {
      const argv = command === 'dead-letters' ? [command, 'list'] : [command];
      return spawnSync(process.execPath, ['src/main.ts', ...argv, '--help'], { cwd: ROOT, encoding: 'utf8' })
        .stdout;
    });
  expect(helps(taking).map((help) => help.includes('--config <file>'))).toEqual(Array(6).fill(true));
  expect(helps(refusing).map((help) => help.includes('--config <file>'))).toEqual([false, false]);
});

it('the steps for containers install before they run anything by npm', () => {
  const [, steps = ''] =
    /## All of it in containers([\s\S]*?)\n## /.exec(readFileSync(join(ROOT, 'docs/grafana.md'), 'utf8')) ??
    [];
  expect(steps).toMatch(/^(?:(?!npm run)[\s\S])*npm ci[\s\S]*npm run headcount/);
});

it('the page has every file by its name', () => {
  for (const name of ['headcount.service', 'backup.ts', 'install.ps1', 'uninstall.ps1', 'log-file.ts']) {
    expect(page).toContain(name);
  }
});
