import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ConfigError, loadConfig } from '../../../src/config/config.ts';
import { Program, ProgramFolder } from '../../program/program.ts';

const READ = 'reader-0123456789abcdef';
const INGEST = 'sender-0123456789abcdef';

let folder: ProgramFolder;
beforeEach(() => {
  folder = new ProgramFolder();
});
afterEach(() => folder.dispose());

function configure(tokens: string): void {
  writeFileSync(
    folder.config,
    `receivers: []\napi: { host: 0.0.0.0, port: 0, tokens: [ ${tokens} ] }\nlog: { level: trace, format: json }\n`,
  );
}

function problems(): readonly string[] {
  try {
    loadConfig(folder.config);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map((line) => line.replace(folder.path, ''));
    throw error;
  }
}

it('with tokens the program listens beyond loopback, takes those of files, and never logs one', async () => {
  configure(`{ name: a, token: ${READ} }, { name: b, tokenFile: b.token, scopes: [ ingest ] }`);
  writeFileSync(join(folder.path, 'b.token'), `\ufeff  ${INGEST}\r\n\n`);
  const program = await Program.start(folder);
  const base = program.api.replace('0.0.0.0', '127.0.0.1');
  const status = async (path: string, token: string | null, init: RequestInit = {}) => {
    const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
    const headers = { 'content-type': 'application/json', ...authorization };
    const answer = await fetch(base + path, { ...init, headers });
    expect(await answer.text()).not.toContain('0123456789abcdef');
    return answer.status;
  };
  expect(await status('/readyz', null)).toBe(200);
  expect(await status('/api/v1/counts', null)).toBe(401);
  expect(await status('/api/v1/counts', `${READ}x`)).toBe(401);
  expect(await status('/api/v1/counts', READ)).toBe(200);
  expect(await status('/metrics', READ)).toBe(200);
  const post = { method: 'POST', body: '[{"type":"heartbeat"}]' };
  expect(await status('/api/v1/events', READ, post)).toBe(403);
  expect(await status('/api/v1/events', INGEST, post)).toBe(202);
  expect(await program.stop()).toBe(0);
  expect(JSON.stringify(program.log)).not.toContain('0123456789abcdef');
});

it('what is wrong with a token file is said at the place that names it, without what is in it', () => {
  configure('{ name: a, tokenFile: a.token }');
  expect(problems()).toEqual([
    expect.stringMatching(/:2:64 api\.tokens\[0\]\.tokenFile: there is no such file$/),
  ]);
  for (const [text, problem] of [
    ['', 'a token needs at least 16 characters'],
    ['hunter2', 'a token needs at least 16 characters'],
    [`${READ}\n${INGEST}\n`, 'a token has only letters, digits and -._~+/, and = at its end'],
    [`token: ${READ}`, 'a token has only letters, digits and -._~+/, and = at its end'],
  ] as const) {
    writeFileSync(join(folder.path, 'a.token'), text);
    expect(problems()).toEqual([`/config.yaml:2:64 api.tokens[0].tokenFile: ${problem}`]);
  }
});

it('one token cannot have two names', () => {
  writeFileSync(join(folder.path, 'a.token'), READ);
  configure(`{ name: a, token: ${READ} }, { name: b, tokenFile: a.token, scopes: [ ingest ] }`);
  expect(problems()).toEqual([
    expect.stringMatching(/tokens\[1\]\.tokenFile: same token as api\.tokens\[0\]$/),
  ]);
});
