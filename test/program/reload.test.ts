import { copyFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { pemFile } from '../receivers/tcp/tls-under-test.ts';
import { Program, ProgramFolder, until } from './program.ts';

const READ = 'reader-0123456789abcdef';
const OTHER = 'other-0123456789abcdef';

let folder: ProgramFolder;
let program: Program;
beforeEach(() => {
  folder = new ProgramFolder();
});
afterEach(async () => {
  await program.end('SIGKILL');
  folder.dispose();
});

const file = (name: string) => join(folder.path, name);
const logged = (words: string) => program.log.filter(({ msg }) => String(msg).includes(words));

/** SIGHUP; resolves when the configuration was taken. */
async function reload(): Promise<void> {
  const before = logged('configuration read again').length;
  program.child.kill('SIGHUP');
  await until(
    async () => logged('configuration read again').length,
    (count) => count > before,
  );
}

const status = async (token: string | null) => {
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  return (await fetch(`${program.api}/api/v1/counts`, { headers })).status;
};

it('SIGHUP says that the blacklist is another one only where it is; log levels are words', async () => {
  folder.write('');
  program = await Program.start(folder);
  await reload();
  expect(logged('blacklist reloaded')).toEqual([]);
  folder.write('blacklist: [ { directory: INTERNAL } ]\n');
  await reload();
  await until(
    async () => logged('blacklist reloaded'),
    (said) => said.length === 1,
  );
  expect(new Set(program.log.map(({ level }) => level))).toContain('info');
  expect(program.log.every(({ level }) => typeof level === 'string')).toBe(true);
});

it('SIGHUP takes new files of TLS at once', async () => {
  const install = (from: 'localhost' | 'renewed') => {
    for (const [name, part] of [['cert.pem', 'certificate'] as const, ['key.pem', 'key'] as const]) {
      copyFileSync(pemFile(from, part), file(name));
    }
  };
  install('localhost');
  const tls = 'tls: { cert: cert.pem, key: key.pem }';
  writeFileSync(
    folder.config,
    `receivers: [ { type: tcp, port: 0, ${tls} } ]\napi: { port: 0 }\nlog: { format: json }\n`,
  );
  program = await Program.start(folder);
  install('renewed');
  await reload();
  await until(
    async () => logged('TLS certificate renewed').length,
    (count) => count === 1,
  );
});

it('a reload that failed is tried again and taken when it can be, without another change, and its failure is said once', async () => {
  const write = (api: string) =>
    writeFileSync(folder.config, `receivers: []\napi: { port: 0${api} }\nlog: { format: json }\n`);
  write('');
  program = await Program.start(folder);
  write(', tokens: [ { name: a, tokenFile: a.token } ]');
  program.child.kill('SIGHUP');
  await until(
    async () => logged('the changed configuration has errors').length,
    (count) => count > 0,
  );
  expect(await status(null)).toBe(200);
  writeFileSync(file('a.token'), READ);
  await until(
    () => status(null),
    (code) => code === 401,
  );
  expect(await status(READ)).toBe(200);
  expect(logged('the changed configuration has errors')).toHaveLength(1);
});

it('SIGHUP takes new tokens, those of files too, and says what needs a restart', async () => {
  const write = (api: string, log: string) =>
    writeFileSync(
      folder.config,
      `receivers: []\napi: { host: 127.0.0.1, ${api} }\nlog: { format: json, level: ${log} }\n`,
    );
  writeFileSync(file('a.token'), READ);
  const tokens = 'tokens: [ { name: a, tokenFile: a.token } ]';
  write('port: 0', 'info');
  program = await Program.start(folder);
  expect(await status(null)).toBe(200);

  write(`port: 0, ${tokens}`, 'info');
  await reload();
  expect([await status(null), await status(READ), await status(OTHER)]).toEqual([401, 200, 401]);

  writeFileSync(file('a.token'), OTHER);
  await reload();
  expect([await status(READ), await status(OTHER)]).toEqual([401, 200]);
  expect(logged('need a restart')).toEqual([]);

  // Without a token it would be open to whatever network it listens on: not by a reload.
  write('port: 1', 'debug');
  await reload();
  await until(
    async () => logged('need a restart').map(({ msg }) => msg),
    (said) => said.includes('other keys changed: api.tokens, api.port, log.level; they need a restart'),
  );
  expect([await status(null), await status(OTHER)]).toEqual([401, 200]);
  expect(JSON.stringify(program.log)).not.toContain('0123456789abcdef');
});

it('without tokens a name is known only when it is configured, which needs no restart', async () => {
  const statusAs = (host: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const asked = request(`${program.api}/api/v1/counts`, { headers: { host } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      asked.on('error', reject).end();
    });
  program = await Program.start(folder);
  expect(await statusAs('localhost')).toBe(200);
  expect(await statusAs('headcount.example.com')).toBe(421);
  writeFileSync(
    folder.config,
    `receivers: []\napi: { port: 0, hosts: [ Headcount.example.com ] }\nlog: { format: json }\n`,
  );
  await reload();
  expect(await statusAs('headcount.example.com')).toBe(200);
  expect(await statusAs('evil.example')).toBe(421);
});
