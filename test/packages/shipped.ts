import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { Program, ProgramFolder, until } from '../program/program.ts';

const LINE =
  "/qseow-proxy-session/;SENSE1.acme.com;Start session;LAB;anna;Not available;Not available;Start session for user 'LAB\\anna'.";
/** Nothing of the repository, and no Node, is to be found by what it may inherit. */
const ENVIRONMENT = { PATH: '/usr/bin:/bin' };

/** What every package does, whatever it is made of. `headcount`: the command that is Headcount, known once the tests run. */
export function itIsHeadcount(headcount: () => readonly string[]): void {
  const folderOf = (extra = '') => {
    const folder = new ProgramFolder(extra);
    onTestFinished(() => folder.dispose());
    return folder;
  };
  const run = (folder: ProgramFolder, ...args: readonly string[]) => {
    const [command = '', ...first] = headcount();
    const { stdout, stderr, status } = spawnSync(command, [...first, ...args], {
      cwd: folder.path,
      env: ENVIRONMENT,
      encoding: 'utf8',
    });
    return { stdout, stderr, status };
  };

  it('takes a datagram, counts, answers from its journal, delivers, shows the page, and stops at SIGTERM', async () => {
    const folder = folderOf('sinks: [ { type: console, interval: 10ms } ]\n');
    const program = await Program.start(folder, [], headcount());
    onTestFinished(() => void program.child.kill('SIGKILL'));
    expect((await fetch(`${program.api}/readyz`)).status).toBe(200);
    const socket = createSocket('udp4');
    socket.send(LINE, program.udpPort, '127.0.0.1', () => socket.close());

    const user = { directory: 'LAB', id: 'anna' };
    const { items } = await until(
      () => program.get<{ items: object[] }>('/api/v1/sessions'),
      (page) => page.items.length > 0,
    );
    expect(items).toMatchObject([{ user, host: 'sense1' }]);
    expect(await program.get('/api/v1/counts')).toMatchObject({ active: { sessions: 1, users: 1 } });
    await until(
      async () => program.log.filter(({ table }) => table === 'sessions'),
      (rows) => rows.length > 0,
    );
    expect(await program.get('/api/v1/openapi.json')).toMatchObject({
      info: { version: packageJson.version },
    });

    const page = await (await fetch(`${program.api}/`)).text();
    const files = [...page.matchAll(/"((?:\.\/)?page\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(files.length).toBeGreaterThan(5);
    const bodies = await Promise.all(
      files.map(async (path) => {
        const answer = await fetch(`${program.api}/${path}`);
        expect([path, answer.status]).toEqual([path, 200]);
        return answer.text();
      }),
    );
    expect(bodies.join()).not.toContain('npm run');

    const { api, udpPort } = program;
    folder.write('', `port: ${new URL(api).port}`);
    const sent = run(
      folder,
      'send-test',
      '--host',
      '127.0.0.1',
      '--port',
      String(udpPort),
      '--user',
      'LAB\\bert',
    );
    expect([sent.stderr, sent.status]).toEqual(['', 0]);
    await until(
      () => program.get<{ active: { users: number } }>('/api/v1/counts'),
      ({ active }) => active.users === 2,
    );
    const doctor = run(folder, 'doctor', '--url', api, '--config', folder.config, '--json');
    expect(JSON.parse(doctor.stdout).findings.length).toBeGreaterThan(5);
    const copy = run(folder, 'backup', folder.store, 'copy');
    expect([copy.stderr, copy.status]).toEqual(['', 0]);
    expect(existsSync(join(folder.path, 'copy/headcount.db'))).toBe(true);
    expect(await program.stop()).toBe(0);
  });

  it('says its version, makes appenders, checks a configuration, and speaks of no clone', () => {
    const folder = folderOf();
    expect(run(folder, '--version')).toEqual({ stdout: `${packageJson.version}\n`, stderr: '', status: 0 });
    expect(run(folder, 'appender', '--host', '192.0.2.10').stdout).toContain('value="192.0.2.10"');
    expect(run(folder, 'check', '--config', folder.config).status).toBe(0);
    writeFileSync(folder.config, 'blaklist: []\n');
    const wrong = run(folder, 'start', '--config', folder.config);
    expect(wrong.stderr).toContain('did you mean "blacklist"?');
    expect(wrong.status).toBe(78);
  });

  it('shows a made-up site until it is stopped', async () => {
    const folder = folderOf();
    const [command = '', ...first] = headcount();
    const demo = spawn(command, [...first, 'demo', '--config', folder.config], {
      cwd: folder.path,
      env: ENVIRONMENT,
    });
    onTestFinished(() => void demo.kill('SIGKILL'));
    let said = '';
    demo.stdout.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
    const [, api] = await until(
      async () => /open {2}(http:\S+)\/\?/.exec(said) ?? [],
      ([, url]) => url !== undefined,
    );
    await until(
      async () => (await (await fetch(`${api}/api/v1/counts`)).json()) as { active: { users: number } },
      ({ active }) => active.users > 0,
    );
    const exited = once(demo, 'exit');
    demo.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });
}
