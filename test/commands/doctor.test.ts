import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { registerDoctor } from '../../src/commands/doctor.ts';
import type { Finding, Level } from '../../src/doctor/finding.ts';
import { reportOf } from '../../src/doctor/report.ts';
import { roomFor } from '../../src/doctor/store.ts';
import type { Clock } from '../../src/simulator/clock.ts';
import { app, StandInQrs, settingsFor } from '../app-names/stand-in-qrs.ts';
import { Program, ProgramFolder, until } from '../program/program.ts';
import { StandInQps, senseFile } from '../receivers/qps/stand-in.ts';
import { runCommand } from './command-under-test.ts';

const NOW = Date.parse('2026-11-28T10:00:00Z');
let folder: ProgramFolder;
const ending: (() => unknown)[] = [];
beforeEach(() => {
  folder = new ProgramFolder();
});
afterEach(async () => {
  for (const end of ending.splice(0)) await end();
  folder.dispose();
});

/** What would be a wait of seconds passes at once; certificates of `tls-sense` are valid at its time. */
function impatientClock(): Clock {
  let slept = 0;
  return {
    now: () => NOW + slept,
    sleep: (ms) => {
      slept += ms;
      return new Promise((resolve) => setTimeout(resolve, 5));
    },
  };
}

/** Calls `doctor --json`; the findings about something as `LEVEL text. remedy`, and the exit code. */
async function doctor(argv: readonly string[] = [], env = {}) {
  const register: Parameters<typeof runCommand>[0] = (program, io) =>
    registerDoctor(program, io, impatientClock());
  const line = ['doctor', '--json', '--config', folder.config, ...argv];
  const { stdout, stderr, exitCode } = await runCommand(register, line, folder.path, env);
  expect(stderr).toBe('');
  const { worst, findings } = JSON.parse(stdout) as { worst: Level; findings: Finding[] };
  const about = (word: string) =>
    findings
      .filter(({ about }) => about === word)
      .map(
        ({ level, text, remedy }) => `${level.toUpperCase()} ${text}${remedy === null ? '' : `. ${remedy}`}`,
      );
  return { worst, about, exitCode, findings };
}

/** Writes a configuration as it is, for a Headcount that does not run. */
const configure = (config: object) =>
  writeFileSync(folder.config, JSON.stringify({ receivers: [], api: { port: 1 }, ...config }));

async function start(extra: string): Promise<Program> {
  folder.write(extra);
  const program = await Program.start(folder);
  ending.unshift(() => program.end('SIGKILL'));
  return program;
}

async function send(port: number, ...lines: (string | Buffer)[]): Promise<void> {
  const socket = createSocket('udp4');
  for (const line of lines) await new Promise((sent) => socket.send(line, port, '127.0.0.1', sent));
  socket.close();
}

const butlerSos = (host: string, user = 'LAB;anna') =>
  `/qseow-proxy-session/;${host};Start session;${user};Not available;Not available;hello`;
const own = (host: string, row: number) => {
  const at = new Date().toISOString().replace(/[-:]/g, '').replace('Z', '+0000');
  return `/headcount/2;${row};${at};${host};Start session;0;(null);(null);(null);Not available;(null);LAB;anna${row};Not available;hello`;
};

const accepted = (program: Program, count: number) =>
  until(
    () => program.get<{ readonly accepted: number; readonly excluded: number }>('/api/v1/ingest'),
    ({ accepted, excluded }) => accepted + excluded >= count,
  );

describe('headcount doctor, beside a running Headcount', () => {
  it('finds nothing where all is well, ends with 0, and leaves no trace but a heartbeat', async () => {
    const program = await start('');
    await send(program.udpPort, ...[1, 2, 3].map((row) => own('node1', row)));
    await accepted(program, 3);
    const counts = await program.get('/api/v1/counts');
    const { about, findings, exitCode } = await doctor(['--url', program.api]);
    expect(findings.filter(({ level }) => level !== 'ok')).toEqual([]);
    expect(exitCode).toBe(0);
    expect(about('way in')).toEqual([
      `OK a heartbeat sent to UDP udp at 127.0.0.1:${program.udpPort} arrived`,
      `OK a heartbeat sent to TCP tcp at 127.0.0.1:${program.tcpPort} arrived`,
    ]);
    expect(about('layouts')).toEqual(['OK every host sends one layout, with row numbers']);
    expect(about('gaps')).toEqual(['OK no line of 1 numbered hosts is missing']);
    const after = await program.get<Record<string, unknown>>('/api/v1/counts');
    expect(after['active']).toEqual(counts['active']);
    expect(await program.get('/api/v1/ingest')).toMatchObject({
      received: 5,
      accepted: 3,
      heartbeats: 2,
      refused: {},
    });
  });

  it('says what is wrong with nodes, rules and sinks, and ends with 1', async () => {
    const program = await start(
      'blacklist: [ { directory: INTERNAL }, { directory: LAB, userId: svc_x } ]\nsinks: [ { type: questdb, url: "http://127.0.0.1:1" } ]\n',
    );
    await send(
      program.udpPort,
      butlerSos('plain'),
      butlerSos('plain', 'INTERNAL;sa_api'),
      ...[1, 2, 5, 6].map((row) => own('losing', row)),
      ...[1, 2].map((row) => own('both', row)),
      butlerSos('both'),
      Buffer.from(butlerSos('plain', 'LAB;J\u00fcrgen'), 'latin1'),
    );
    await accepted(program, 10);
    await send(program.udpPort, own('both', 3));
    await accepted(program, 11);
    await until(
      () => program.get<{ readonly rowsMissing: number }>('/api/v1/ingest'),
      ({ rowsMissing }) => rowsMissing === 2,
    );
    const { about, exitCode } = await doctor(['--url', program.api]);
    expect(exitCode).toBe(1);
    expect(about('layouts')).toEqual([
      expect.stringMatching(/^FAIL both sends .* each event counts twice\. leave one appender/),
      expect.stringMatching(/^WARN plain: its lines have no row numbers/),
    ]);
    expect(about('gaps')).toEqual([
      expect.stringMatching(/^WARN losing: 2 lines never came since the store began, some lately\. look at/),
    ]);
    expect(about('blacklist')).toEqual([
      expect.stringMatching(
        /^WARN the rule LAB\\svc_x is about nobody who was seen since the start\. compare/,
      ),
    ]);
    expect(about('sinks')).toEqual([
      'FAIL questdb: nothing listens at http://127.0.0.1:1: is QuestDB running?. mend that; the rows are kept meanwhile',
    ]);
    expect(about('faults')).toEqual([
      expect.stringMatching(/^WARN plain: lines with not_utf8 since the program started: 1\. .*<encoding/),
    ]);
    expect(about('hosts')).toHaveLength(3);
  });

  it('says whom polls and QRS cannot reach, and that this machine may not send', async () => {
    const qps = await StandInQps.start();
    const qrs = await StandInQrs.start();
    ending.push(
      () => qps.stop(),
      () => qrs.stop(),
    );
    qps.faults.set('sales', { status: 404 });
    qrs.apps = [app('1', 'Sales')];
    const { host, port, servername, certificates } = settingsFor(qrs);
    const servers = [{ host, port: qps.port, servername, node: 'sense1', virtualProxies: ['/sales'] }];
    const receivers = [
      { type: 'udp', host: '127.0.0.1', port: 0, allow: ['192.0.2.1'] },
      { type: 'qps', certificates, servers },
    ];
    const apps = { qrs: { host, port, servername, certificates } };
    configure({ receivers, apps, api: { port: 0 }, log: { format: 'json' } });
    const program = await Program.start(folder);
    ending.unshift(() => program.end('SIGKILL'));
    await until(
      () => program.get<{ appNames: { names: number } }>('/api/v1/ingest'),
      ({ appNames }) => appNames.names === 1,
    );
    await until(
      async () => qps.paths.length,
      (count) => count > 0,
    );
    const { about, exitCode } = await doctor(['--url', program.api]);
    expect(about('polls')).toEqual([
      expect.stringMatching(
        /^FAIL sense1 \/sales: it knows no such virtual proxy.*; it never answered\. docs/,
      ),
    ]);
    expect(about('way in')).toEqual([
      expect.stringMatching(/^WARN a heartbeat sent to UDP udp at .* was refused: "allow" does not have/),
    ]);
    expect(about('names')).toEqual([`OK 127.0.0.1:${port} tells the names of 1 apps`]);
    expect(about('certificates')).toEqual([
      'OK those of 2 settings can be read, belong together and are valid for a month',
    ]);
    expect(about('hosts')).toEqual([expect.stringMatching(/^WARN no line of any node has come yet/)]);
    expect(exitCode).toBe(1);
  });

  it('says that it needs a token, takes that of the configuration at the place that is in there, and shows it to nobody else', async () => {
    const program = await start('');
    await program.stop();
    writeFileSync(join(folder.path, 'a.token'), 'reads-0123456789abcdef');
    const tokens = [{ name: 'a', tokenFile: 'a.token' }];
    const port = Number(new URL(program.api).port);
    configure({ receivers: [], api: { port, tokens }, log: { format: 'json' } });
    const again = await Program.start(folder);
    ending.unshift(() => again.end('SIGKILL'));
    const refused = `FAIL ${again.api} answered 401. give a token with the scope read, in HEADCOUNT_TOKEN or with --token-file`;
    expect((await doctor(['--url', again.api])).about('program')).toEqual([refused]);
    expect((await doctor()).about('program')[0]).toMatch(/^OK Headcount .* is ready$/);
    expect((await doctor(['--url', again.api, '--token-file', 'a.token'])).about('program')[0]).toMatch(
      /^OK/,
    );
    expect((await doctor()).about('way in')).toEqual([expect.stringMatching(/^WARN there is no UDP or TCP/)]);
  });
});

/** The API of a Headcount in a state that takes days to come about. */
async function apiThatSays(ingest: object, counts: object = {}, ready: object = {}): Promise<string> {
  const whole = {
    '/api/v1/ingest': {
      ...{ heartbeats: 0, refused: {}, receivers: [], hosts: [], sinks: [], blacklist: [], appNames: null },
      ...ingest,
    },
    '/api/v1/counts': { asOf: '2026-11-28T10:00:00.000Z', reasons: [], hosts: [], ...counts },
    '/readyz': { status: 'ok', detail: { reason: null, journalTrouble: null, version: '1.2.3', ...ready } },
  } as Record<string, object>;
  const server: Server = createServer((request, response) => {
    response.end(JSON.stringify(whole[request.url ?? ''] ?? {}));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ending.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('headcount doctor, of what takes days to come about', () => {
  const host = (name: string, lastEventAt: string | null = '2026-11-28T09:59:50.000Z') => {
    return { host: name, lastEventAt, bothLayouts: false, rowsMissing: 0 };
  };

  it('warns of a node that is silent, and of a clock that is wrong', async () => {
    const url = await apiThatSays(
      { hosts: [host('silent', '2026-11-25T10:00:00.000Z'), host('late'), host('forgotten', null)] },
      {
        hosts: [
          { host: 'late', clockOffsetSeconds: 2400 },
          { host: 'silent', clockOffsetSeconds: -0.2 },
        ],
      },
    );
    configure({});
    const { about, exitCode } = await doctor(['--url', url]);
    expect(about('hosts')).toEqual([
      expect.stringMatching(/^WARN silent: the last line is 3 days old; its clock is right\. if people work/),
      'OK late: the last line is 10 s old; its clock is 40 min behind',
      'OK forgotten: its last line is not known any more',
    ]);
    expect(about('clock')).toEqual([expect.stringMatching(/^WARN late: its clock is 40 min behind\. synch/)]);
    expect(exitCode).toBe(2);
  });

  it('says a few lines of ten thousand made-up hosts, the worst first', async () => {
    const hosts = Array.from({ length: 10_000 }, (_, n) => host(`host-${n}`));
    const url = await apiThatSays({ hosts: [...hosts, host('\u001b[31mred', '2026-11-01T00:00:00.000Z')] });
    const { about } = await doctor(['--url', url]);
    expect(about('hosts')).toHaveLength(21);
    expect(about('hosts')[0]).toMatch(/^WARN .*red/);
    expect(about('hosts').at(-1)).toBe('OK the same of 9981 more');
  });

  it('says that datagrams are lost on the way, that the kernel drops them, and that nothing can be committed', async () => {
    const silent = createSocket('udp4');
    silent.bind(0, '127.0.0.1');
    await once(silent, 'listening');
    ending.push(() => silent.close());
    const place = `127.0.0.1:${silent.address().port}`;
    const udp = { name: 'udp', listening: [place], kernelDropped: 7, receiveBufferBytes: 212_992 };
    const url = await apiThatSays(
      {
        receivers: [
          { ...udp, receiveBufferClamped: true },
          { ...udp, name: 'off', listening: [] },
        ],
      },
      { reasons: ['drops'] },
      { journalTrouble: 'database or disk is full' },
    );
    const { about, exitCode } = await doctor(['--url', url]);
    expect(about('way in')).toEqual([
      expect.stringMatching(/^FAIL a heartbeat sent to UDP udp at .* did not arrive\. look at the firewall/),
      'FAIL UDP off does not listen. read the log of Headcount',
    ]);
    expect(about('buffer')[0]).toMatch(/^WARN the kernel grants UDP udp only 212992 bytes/);
    expect(about('buffer').at(-1)).toMatch(/^WARN the kernel dropped datagrams a short while ago/);
    expect(about('store')[0]).toMatch(/^FAIL nothing can be committed: database or disk is full\. make room/);
    expect(exitCode).toBe(1);
  });

  it('says that the program was too slow where that is why datagrams were dropped', async () => {
    const udp = {
      name: 'udp',
      listening: [],
      kernelDropped: 0,
      ringDropped: 7,
      receiveBufferBytes: 4_194_304,
    };
    const url = await apiThatSays({ receivers: [udp] }, { reasons: ['drops'] });
    const { about } = await doctor(['--url', url]);
    expect(about('buffer').at(-1)).toMatch(
      /^WARN Headcount was held up for so long that datagrams were dropped/,
    );
  });

  it('says that sinks are late or set rows aside, and that something else answers', async () => {
    const sink = { name: 'questdb', up: true, pending: 5, deadLettered: 3, lagSeconds: 90, lastError: null };
    const away = { ...sink, name: 'other', up: false, deadLettered: 0, lastError: 'it is away' };
    const { about } = await doctor(['--url', await apiThatSays({ sinks: [sink, away] })]);
    expect(about('sinks')).toEqual([
      'WARN questdb is 90 s behind, 5 rows wait. look how busy its database is',
      'WARN questdb refused 3 rows, which were set aside. headcount dead-letters list says why',
      'FAIL other does not take rows: it is away. mend that; the rows are kept meanwhile',
    ]);
    const wrong = await doctor(['--url', await apiThatSays({ hosts: 1 })]);
    expect(wrong.about('program')[0]).toMatch(/^FAIL .* is not the API of this version of Headcount/);
  });
});

describe('headcount doctor, without a running Headcount', () => {
  it('says so, looks at the rest, and ends with 2', async () => {
    configure({ receivers: [{ type: 'udp', host: '127.0.0.1', port: 0 }] });
    const { about, exitCode } = await doctor();
    expect(about('program')).toEqual([
      expect.stringMatching(/^WARN nothing answers at http:\/\/127\.0\.0\.1:1; what only a running/),
    ]);
    expect(about('config')).toEqual([`OK ${folder.config} is right`]);
    expect(about('way in')[0]).toBe('OK UDP 127.0.0.1:0 is free');
    expect(exitCode).toBe(2);
    configure({ api: { port: 0 } });
    expect((await doctor()).about('program')[0]).toMatch(/^WARN the API has port 0 .*\. say --url/);
  });

  it('says every problem of the configuration, and ends with 1', async () => {
    writeFileSync(folder.config, 'api: { port: x }\nblaklist: []\n');
    const { about, findings, exitCode } = await doctor();
    expect(about('config')).toEqual([
      expect.stringContaining('config.yaml:1:14 api.port: expected integer 0-65535, got "x". mend the'),
      expect.stringContaining('config.yaml:2:1 blaklist: unknown key, did you mean "blacklist"?'),
    ]);
    expect([findings.length, exitCode]).toEqual([2, 1]);
  });

  it('says that ports are taken, the buffer is too small, the store is no folder, and the disk too small', async () => {
    const taken = createSocket('udp4');
    taken.bind(0, '127.0.0.1');
    await once(taken, 'listening');
    ending.push(() => taken.close());
    const { port } = taken.address();
    const receivers = [{ type: 'udp', host: '127.0.0.1', port, receiveBuffer: '1GiB' }];
    configure({ receivers, store: { maxSize: '1000TB' } });
    const { about, exitCode } = await doctor();
    expect(about('way in')[0]).toMatch(
      /^FAIL UDP 127\.0\.0\.1:\d+: address already in use .*\. stop what has it/,
    );
    expect(about('buffer')[0]).toMatch(
      /^WARN .*config\.yaml:1:\d+ receivers\[0\]\.receiveBuffer: the kernel grants \d+ of 1073741824 bytes/,
    );
    expect(about('disk')[0]).toMatch(/^WARN the disk has .* free, and the store may grow by 1000 TB\. make/);
    expect(exitCode).toBe(1);
    configure({ store: { path: folder.config } });
    expect((await doctor()).about('store')[0]).toMatch(/^FAIL the store .* cannot be used: .* is a file/);
  });

  it('says what is wrong with certificates, at their place in the configuration', async () => {
    const certificates = (cert: string, key = `${cert}_key`) => {
      return { cert: senseFile(cert), key: senseFile(key), ca: senseFile('root') };
    };
    const servers = [{ host: 'sense1' }];
    configure({
      receivers: [
        { type: 'qps', name: 'a', certificates: certificates('expired-client'), servers },
        { type: 'qps', name: 'b', certificates: certificates('client', 'server_key'), servers },
        {
          type: 'tcp',
          host: '127.0.0.1',
          port: 0,
          tls: { cert: senseFile('gone'), key: senseFile('server_key') },
        },
      ],
    });
    const { about, exitCode } = await doctor();
    expect(about('certificates')).toEqual([
      expect.stringMatching(
        /^FAIL .*receivers\[0\]\.certificates\.cert: .* expired on 2021-01-01.*\. export/,
      ),
      expect.stringMatching(/^FAIL .*receivers\[1\]\.certificates\.key: .*key values mismatch/),
      expect.stringMatching(/^FAIL .*receivers\[2\]\.tls\.cert: cannot read tls\.cert: ENOENT/),
    ]);
    expect(exitCode).toBe(1);
  });

  it('asks QRS itself', async () => {
    const qrs = await StandInQrs.start();
    ending.push(() => qrs.stop());
    const { host, port, servername, certificates } = settingsFor(qrs);
    configure({ apps: { qrs: { host, port, servername, certificates } } });
    expect((await doctor()).about('names')).toEqual([`OK 127.0.0.1:${port} tells the names of 0 apps`]);
    qrs.fault = { status: 403 };
    expect((await doctor()).about('names')).toEqual([
      `WARN 127.0.0.1:${port}: it refused the request (status 403) (names that are known stay). ` +
        'the client certificate must be exported from the QMC of this site',
    ]);
  });
});

describe('the room of a store', () => {
  const GB = 1_000_000_000;
  it.each([
    [1, 9, 10, 'ok ok'],
    [1, 8.9, 10, 'ok warn'],
    [9.99, 0.05, 10, 'ok fail'],
    [11, 5, 10, 'warn ok'],
  ])('of %d GB with %d free and at most %d is %s', (size, free, most, levels) => {
    const findings = roomFor('data', size * GB, free * GB, most * GB);
    expect(findings.map(({ level }) => level).join(' ')).toBe(levels);
  });
});

describe('the report of doctor', () => {
  const findings: Finding[] = [
    { level: 'ok', about: 'config', text: 'config.yaml is right', remedy: null },
    { level: 'warn', about: 'way in', text: 'is it \u001b[31mred\u202e?', remedy: 'look' },
    { level: 'fail', about: 'disk', text: 'it is full', remedy: 'make room' },
  ];

  it('is one aligned line each, in which nothing from the wire is obeyed', () => {
    expect(reportOf(findings, false)).toBe(
      [
        'OK    config  config.yaml is right',
        'WARN  way in  is it \\u{1b}[31mred\\u{202e}? To do: look',
        'FAIL  disk    it is full. To do: make room',
        '',
      ].join('\n'),
    );
  });

  it('has colours on a terminal only', () => {
    expect(reportOf(findings, true)).toContain('\u001b[31mFAIL\u001b[0m  disk');
  });
});
