import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { nodeProblem } from '../../src/node-version.js';

const ROOT = resolve(import.meta.dirname, '../..');
const LAUNCHER = join(ROOT, packageJson.bin.headcount);

/** The program as shipped, until it ends. */
function run(...argv: string[]) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [LAUNCHER, ...argv], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { stdout, stderr, exitCode: status };
}

const COMMANDS =
  'demo start check token appender send-test doctor apps simulate dead-letters resend backup new-identity'.split(
    ' ',
  );

describe('headcount', () => {
  it('prints its help where no command is named, and opens nothing', () => {
    const { stdout, stderr, exitCode } = run();
    expect([stderr, exitCode]).toEqual(['', 0]);
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
  });

  it.each([
    [['strat'], 'unknown command "strat", did you mean "start"?'],
    [['stat'], 'unknown command "stat", did you mean "start"?'],
    [['x'], 'unknown command "x"; "headcount --help" lists the commands'],
    [['start', '--confg', 'x'], 'unknown option "--confg", did you mean "--config"?'],
    [['--config', 'x'], 'unknown option "--config"; "headcount --help" lists the commands'],
    [['dead-letters', 'lst'], 'unknown command "lst", did you mean "list"?'],
    [['resend', 'questdb'], 'required option "--from <time>" not specified'],
  ])('says what is wrong with %j in one line, and ends with 64', (argv, message) => {
    expect(run(...argv)).toEqual({ stdout: '', stderr: `${message}\n`, exitCode: 64 });
  });

  it.each(['', ...COMMANDS])('has help for "%s" that fits a terminal of 80 columns', (command) => {
    const { stdout, exitCode } = run(...command.split(' ').filter(Boolean), '--help');
    expect(exitCode).toBe(0);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('prints a token and nothing else, another one each time', () => {
    const [first, second] = [run('token'), run('token')];
    expect(first.stdout).toMatch(/^[A-Za-z0-9_-]{43}\n$/);
    expect([first.stderr, first.exitCode]).toEqual(['', 0]);
    expect(second.stdout).not.toBe(first.stdout);
  });

  it('ends without a stack trace where whoever reads is gone', () => {
    const script = `"$0" "$1" --help | true; echo "\${PIPESTATUS[0]}"`;
    const { stderr } = spawnSync('bash', ['-c', script, process.execPath, LAUNCHER], { encoding: 'utf8' });
    expect(stderr).toBe('');
  });

  it('is a command of the package that can be executed', () => {
    expect(statSync(LAUNCHER).mode & 0o111).toBe(0o111);
  });

  it('is what the scripts run, so that an old Node says what it needs', () => {
    for (const name of ['start', 'headcount', 'demo'] as const) {
      expect(packageJson.scripts[name]).toContain(` ${packageJson.bin.headcount}`);
    }
    expect(nodeProblem('v20.20.2')).toMatch(/^Headcount needs Node 24 or newer; this is v20\.20\.2 /);
    expect(nodeProblem('v9.0.0')).not.toBeNull();
    expect([nodeProblem('v24.0.0'), nodeProblem('v100.1.2')]).toEqual([null, null]);
  });
});
