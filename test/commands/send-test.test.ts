import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { registerSendTest } from '../../src/commands/send-test.ts';
import type { Clock } from '../../src/simulator/clock.ts';
import { Program, ProgramFolder } from '../program/program.ts';
import { runCommand } from './command-under-test.ts';

const TOKEN = 'reads-0123456789abcdef';
const BLACKLIST = 'blacklist: [{ directory: LAB, userId: "svc_*" }]\n';

/** Sleeps no longer than it must for others to go on; what would be a wait of seconds passes at once. */
function impatientClock(): Clock {
  let slept = 0;
  return {
    now: () => Date.now() + slept,
    sleep: (ms) => {
      slept += ms;
      return new Promise((resolve) => setTimeout(resolve, 10));
    },
  };
}

let folder: ProgramFolder;
let started: Program | null = null;

/** Starts Headcount; `config` is a configuration of the same that names the ports it got. `api`: more of its keys. */
async function startHeadcount({ host = '127.0.0.1', allow = '[]', api = '', extra = '' } = {}) {
  folder = new ProgramFolder();
  const config = join(folder.path, 'known.yaml');
  const write = (file: string, udpPort: number, tcpPort: number, apiPort: number) =>
    writeFileSync(
      file,
      `receivers:
  - { type: udp, host: "${host}", port: ${udpPort}, allow: ${allow} }
  - { type: tcp, host: 127.0.0.1, port: ${tcpPort} }
api: { port: ${apiPort}${api} }
log: { format: json }
${extra}`,
    );
  write(folder.config, 0, 0, 0);
  const program = await Program.start(folder);
  started = program;
  write(config, program.udpPort, program.tcpPort, Number(new URL(program.api).port));
  return { config, program };
}

afterEach(async () => {
  await started?.stop();
  started = null;
  folder.dispose();
});

const sendTest = (config: string, argv: readonly string[] = [], env = {}) => {
  const register: Parameters<typeof runCommand>[0] = (commands, io) =>
    registerSendTest(commands, io, impatientClock());
  return runCommand(register, ['send-test', '--config', config, ...argv], folder.path, env);
};

describe('headcount send-test', () => {
  it.each(['::', '127.0.0.1'])(
    'shows that a line gets to a receiver at %s, and one that ends it',
    async (host) => {
      const { config, program } = await startHeadcount({ host });
      const sent = `sent to UDP 127.0.0.1:${program.udpPort}: LAB\\anna logs`;
      const none = '0 sessions, 0 users';
      const one = '1 session, 1 user';
      expect(await sendTest(config)).toEqual({
        stdout: `${sent} in on test-node\nbefore: ${none}\nafter:  ${one}\nok: the line was counted\n`,
        stderr: '',
        exitCode: 0,
      });
      expect(await sendTest(config, ['--stop'])).toEqual({
        stdout: `${sent} out on test-node\nbefore: ${one}\nafter:  ${none}\nok: the line was counted\n`,
        stderr: '',
        exitCode: 0,
      });
      expect(await program.get('/api/v1/ingest')).toMatchObject({
        received: 2,
        rowsMissing: 0,
      });
    },
  );

  it('sends by TCP, as another user of another node', async () => {
    const { config, program } = await startHeadcount();
    const { stdout, exitCode } = await sendTest(config, [
      '--tcp',
      '--user',
      'CORP\\bob',
      '--node',
      'Sense2.lab.local',
    ]);
    expect(stdout).toContain(
      `sent to TCP 127.0.0.1:${program.tcpPort}: CORP\\bob logs in on Sense2.lab.local\n`,
    );
    expect(exitCode).toBe(0);
    expect(await program.get('/api/v1/counts')).toMatchObject({ hosts: [{ host: 'sense2', sessions: 1 }] });
  });

  it.each([
    [
      'the blacklist',
      { extra: BLACKLIST },
      ['--user', 'LAB\\svc_backup'],
      'rule of the blacklist is about LAB\\svc_backup',
    ],
    ['the allow list', { allow: '[192.0.2.7]' }, [], '"allow" of the receiver does not have the address'],
    ['that there is no session', {}, ['--stop'], 'LAB\\anna has no session on test-node that could end'],
  ])('says that it is %s why nothing was counted', async (_what, settings, argv, reason) => {
    const { config } = await startHeadcount(settings);
    const { stderr, stdout, exitCode } = await sendTest(config, argv);
    expect(stderr).toMatch(/^not counted: it arrived.*\n$/);
    expect(stderr).toContain(reason);
    expect(stdout).toContain('after:  0 sessions, 0 users\n');
    expect(exitCode).toBe(1);
  });

  it('says that nothing arrived where the line goes elsewhere', async () => {
    const { config } = await startHeadcount();
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    onTestFinished(() => void socket.close());
    await once(socket, 'listening');
    const elsewhere = String(socket.address().port);
    const { stderr, exitCode } = await sendTest(config, ['--port', elsewhere]);
    expect(stderr).toContain(
      `not counted: it did not arrive. Does this Headcount listen at UDP 127.0.0.1:${elsewhere}`,
    );
    expect(exitCode).toBe(1);
  });

  it('sends nothing where no API answers, and without asking where it is told not to ask', async () => {
    const { config, program } = await startHeadcount();
    await program.stop();
    await expect(sendTest(config)).rejects.toThrow(
      /^nothing answers at http:.*, so nothing was sent\. Is Headcount/,
    );
    const { stdout, exitCode } = await sendTest(config, ['--no-check']);
    expect(stdout).toBe(`sent to UDP 127.0.0.1:${program.udpPort}: LAB\\anna logs in on test-node\n`);
    expect(exitCode).toBe(0);
  });

  it('takes the token of the file, else of the environment, else of the configuration for the API that it names', async () => {
    const api = `, tokens: [{ name: r, token: ${TOKEN}, scopes: [read] }]`;
    const { config, program } = await startHeadcount({ api });
    const other = ['--api', program.api];
    expect((await sendTest(config)).exitCode).toBe(0);
    await expect(sendTest(config, other)).rejects.toThrow('it wants a token with the scope read');
    expect((await sendTest(config, other, { HEADCOUNT_TOKEN: TOKEN })).exitCode).toBe(0);
    await expect(sendTest(config, [], { HEADCOUNT_TOKEN: 'another-0123456789' })).rejects.toThrow(
      'answered 401',
    );
    const file = join(folder.path, 'token');
    writeFileSync(file, `${TOKEN}\n`);
    const env = { HEADCOUNT_TOKEN: 'another-0123456789' };
    expect((await sendTest(config, ['--token-file', file], env)).exitCode).toBe(0);
    await expect(sendTest(config, ['--token-file', `${file}s`])).rejects.toThrow(/^--token-file: ENOENT/);
  });

  it('says what is missing where the configuration does not tell where to send or to ask', async () => {
    folder = new ProgramFolder();
    const refusal = async (yaml: string, ...argv: string[]) => {
      writeFileSync(folder.config, yaml);
      const { stdout, stderr, exitCode } = await sendTest(folder.config, argv);
      expect([stdout, exitCode]).toEqual(['', 64]);
      return stderr;
    };
    expect(await refusal('receivers: [{ type: udp, port: 0 }]')).toContain('any free port (0); say --port');
    expect(await refusal('api: { port: 0 }')).toContain('the API has port 0');
    expect(await refusal('receivers: []')).toContain('no UDP or TCP receiver; say --host and --port');
    expect(await refusal('receivers: [{ type: udp }]', '--tcp')).toContain('no TCP receiver');
  });
});
