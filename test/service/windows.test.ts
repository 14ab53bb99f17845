import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunningCommand } from './running-command.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SCRIPTS = ['install.ps1', 'uninstall.ps1'];
const LOG_FILE = pathToFileURL(join(ROOT, 'service/windows/log-file.ts')).href;
const MOST_BYTES = 10 * 1024 ** 2;

const script = (name: string) => readFileSync(join(ROOT, 'service/windows', name), 'utf8');

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headcount-windows-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const log = () => join(folder, 'log/headcount.log');
const logged = () => (existsSync(log()) ? readFileSync(log(), 'utf8') : '');

/** What the task starts, taken from install.ps1, as Windows would take it apart. */
function taskArguments(): string[] {
  const [, format = ''] = /\$arguments = '([^']+)' -f \$logFile, \$main$/m.exec(script('install.ps1')) ?? [];
  const filled = format.replace('{0}', LOG_FILE).replace('{1}', join(ROOT, 'src/main.ts'));
  return [...filled.matchAll(/"([^"]*)"|\S+/g)].map(([all, quoted]) => quoted ?? all);
}

function run(code: string): number | null {
  return spawnSync(process.execPath, ['--import', LOG_FILE, '--eval', code], { cwd: folder }).status;
}

describe('the scheduled task', () => {
  it('starts the program, whose log is a file, with names from the file "environment"', async () => {
    writeFileSync(
      join(folder, 'config.yaml'),
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Headcount's own placeholder
      'receivers: [{ type: udp, host: 127.0.0.1, port: 0 }]\napi: { port: 0, tokens: [{ name: a, token: "${TOKEN}" }] }\n',
    );
    writeFileSync(join(folder, 'environment'), 'TOKEN=sixteen-characters\n');
    const running = new RunningCommand(taskArguments(), folder, { PATH: process.env['PATH'] });
    const { api } = await running.logged('listening', logged);
    expect((await fetch(`${api}/readyz`)).status).toBe(200);
    const headers = { authorization: 'Bearer sixteen-characters' };
    expect((await fetch(`${api}/api/v1/counts`, { headers })).status).toBe(200);
    expect(await running.end()).toBe(0);
    expect(running.output).toBe('');
    expect(existsSync(join(folder, 'data/headcount.db'))).toBe(true);
  });
});

describe('the log file', () => {
  it('has what is written, in order, and why the program ended', () => {
    const code =
      'process.stdout.write("one\\n", () => { process.stderr.write("two\\n"); throw new Error("three") })';
    expect(run(code)).not.toBe(0);
    expect(logged()).toMatch(/^one\ntwo\nError: three\n/);
  });

  it('begins anew at 10 MiB and keeps the one before', () => {
    mkdirSync(join(folder, 'log'));
    writeFileSync(log(), 'x'.repeat(MOST_BYTES));
    expect(run('process.stdout.write("new\\n")')).toBe(0);
    expect(logged()).toBe('new\n');
    expect(readFileSync(join(folder, 'log/headcount.old.log'))).toHaveLength(MOST_BYTES);
  });

  it('is no terminal, even where the task has one', () => {
    expect(run('process.exit(process.stdout.isTTY === false ? 0 : 1)')).toBe(0);
  });

  it('does not end the program where it cannot be written', () => {
    writeFileSync(join(folder, 'log'), '');
    expect(run('process.stdout.write("nowhere\\n")')).toBe(0);
  });

  it('has what other threads write', () => {
    const worker = 'process.stdout.write("from a thread\\\\n")';
    expect(run(`new (require('node:worker_threads').Worker)('${worker}', { eval: true })`)).toBe(0);
    expect(logged()).toBe('from a thread\n');
  });
});

describe.each(SCRIPTS)('%s', (name) => {
  it('is plain ASCII, which Windows PowerShell 5.1 reads the same in every country', () => {
    expect(script(name)).toMatch(/^[\n\x20-\x7e]*$/);
  });

  it('uses nothing that came after PowerShell 5.1', () => {
    expect(script(name)).not.toMatch(/&&|\|\||\?\?|\?\.|-Parallel\b|\s\?\s.*\s:\s/);
  });

  it('changes nothing with -WhatIf', () => {
    // Whatever changes something stands in a block that asks first.
    const depthOf = (text: string) => text.split('{').length - text.split('}').length;
    const changing =
      /^\s*(?:Disable-|Stop-|Register-|Unregister-|Start-Scheduled|New-Item|New-Net|Remove-|Copy-Item|Invoke-Icacls)/;
    const lines = script(name).split('\n');
    let asked: number | null = null;
    let depth = 0;
    for (const line of lines) {
      if (line.includes('$PSCmdlet.ShouldProcess(')) asked ??= depth;
      else if (changing.test(line)) expect(asked, line).not.toBeNull();
      depth += depthOf(line);
      if (asked !== null && depth <= asked) asked = null;
    }
  });
});
