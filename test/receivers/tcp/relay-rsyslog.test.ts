import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseLine } from '../../../src/formats/index.ts';
import { isInstalled } from '../../api/metrics/installed.ts';
import { portOf, until } from '../receivers-under-test.ts';
import { openSender } from '../udp/under-test.ts';
import { pemFile, SERVER_FILES } from './tls-under-test.ts';
import { startReceiver } from './under-test.ts';

const RSYSLOG = isInstalled('rsyslogd', 'rsyslog');
/** The driver for TLS is a package of its own. */
const WITH_TLS = RSYSLOG && hasDriver();

const page = readFileSync(new URL('../../../docs/relays.md', import.meta.url), 'utf8');
const LINES = [
  '/qseow-proxy-session/;node1;Start session;LAB;anna;Not available;Not available;Start session for user',
  '/qseow-proxy-connection/;node1;Open connection;LAB;grüße;AppAccess;/app/1?x=;connection Opened for session',
  `/qseow-proxy-session/;node1;Stop session;LAB;anna;Not available;Not available;${'x'.repeat(20_000)}`,
];

let folder = '';
let rsyslogd: ChildProcess | null = null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headcount-rsyslog-'));
});
afterEach(async () => {
  if (rsyslogd !== null && rsyslogd.exitCode === null) {
    const exited = once(rsyslogd, 'exit');
    rsyslogd.kill();
    await exited;
  }
  rsyslogd = null;
  rmSync(folder, { recursive: true });
});

/** Runs the recipe of docs/relays.md that begins so, with these texts for those. */
function run(recipe: string, replaced: Readonly<Record<string, string>>): void {
  const block = page.split('```').find((text) => text.trimStart().startsWith(`# rsyslog: ${recipe}\n`));
  if (block === undefined) throw new Error(`docs/relays.md has no recipe "${recipe}"`);
  let text = block;
  for (const [from, to] of Object.entries({ '192.0.2.10': '127.0.0.1', ...replaced })) {
    expect(text).toContain(from);
    text = text.replaceAll(from, to);
  }
  const conf = join(folder, 'rsyslog.conf');
  writeFileSync(conf, `global(workDirectory="${folder}")\n${text}`);
  rsyslogd = spawn('rsyslogd', ['-n', '-f', conf, '-i', join(folder, 'pid')], { stdio: 'ignore' });
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address() as AddressInfo;
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

/** A sender for a relay that has begun to listen, and a receiver that has had one line from it. */
async function throughUdp(recipe: string, settings: object, replaced: Readonly<Record<string, string>> = {}) {
  const { receiver, intake, port } = await startReceiver({ framing: 'octet-counting', ...settings });
  const [udpPort, sender] = [await freeUdpPort(), await openSender('udp4')];
  run(recipe, { '9997': String(udpPort), '9998': String(port), ...replaced });
  const send = (line: string) => sender.send(line, udpPort, '127.0.0.1');
  sender.on('error', () => {});
  await until(() => {
    send('ready?');
    return intake.texts.includes('ready?');
  });
  const arrived = () => intake.texts.filter((text) => text !== 'ready?');
  return { receiver, intake, send, arrived, unread: () => unreadBytes(udpPort) };
}

/** What the kernel still holds of a port's datagrams, sum of all its sockets. */
function unreadBytes(port: number): number {
  const hex = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = ['udp', 'udp6'].flatMap((file) => readFileSync(`/proc/net/${file}`, 'latin1').split('\n'));
  return rows
    .map((row) => row.trim().split(/ +/))
    .filter((fields) => fields[1]?.endsWith(hex))
    .reduce((sum, fields) => sum + Number.parseInt(fields[4]?.split(':')[1] ?? '0', 16), 0);
}

function events(lines: readonly string[]): unknown[] {
  const arrival = { receivedAt: 0, sender: { address: '127.0.0.1', port: 1 } };
  return lines.map((line) => {
    const parsed = parseLine(line, arrival);
    return typeof parsed === 'string' ? parsed : 'event';
  });
}

describe.skipIf(!RSYSLOG)('rsyslog, set up as docs/relays.md says', () => {
  it('passes lines on from UDP, octet-counted and whole', async () => {
    const { receiver, intake, send, arrived } = await throughUdp('UDP to TCP, octet counting', {});
    for (const line of LINES) send(line);
    await until(() => arrived().length === LINES.length);
    expect(arrived()).toEqual(LINES);
    expect(events(arrived())).toEqual(['event', 'event', 'event']);
    // A line of the message, and the newline that some tools put at the end of a datagram.
    send('first\nsecond\n');
    await until(() => arrived().length === LINES.length + 1);
    expect(arrived().at(-1)).toBe('first#012second');
    expect([intake.refused, receiver.stats()['refused']]).toEqual([[], {}]);
  });

  it('passes lines on from a file, ended by newlines', async () => {
    const { intake, port } = await startReceiver();
    const file = join(folder, 'proxy.txt');
    writeFileSync(file, LINES.map((line) => `${line}\r\n`).join(''));
    run('file to TCP, newlines', { '9998': String(port), '/srv/sense': folder });
    await until(() => intake.messages.length === LINES.length);
    appendFileSync(file, `${LINES[0]}\n`);
    await until(() => intake.messages.length === LINES.length + 1);
    expect(events(intake.texts)).toEqual(Array(LINES.length + 1).fill('event'));
    expect(intake.refused).toEqual([]);
  });

  it.skipIf(!WITH_TLS)('passes lines on over TLS with a certificate of its own', async () => {
    const tls = { ...SERVER_FILES, ca: pemFile('clients', 'ca'), clientCertificates: 'require' };
    const { send, arrived } = await throughUdp(
      'UDP to TLS, octet counting',
      { tls },
      {
        'headcount.example.com': 'localhost',
        '/etc/ssl/headcount/ca.pem': SERVER_FILES.cert,
        '/etc/ssl/headcount/relay.pem': pemFile('clients', 'certificate'),
        '/etc/ssl/headcount/relay.key': pemFile('clients', 'key'),
      },
    );
    for (const line of LINES) send(line);
    await until(() => arrived().length === LINES.length);
    expect(arrived()).toEqual(LINES);
  });

  it('keeps what comes in while Headcount is away', async () => {
    const interval = { 'resumeInterval="5"': 'resumeInterval="1"' };
    const { receiver, intake, send, unread } = await throughUdp('UDP to TCP, octet counting', {}, interval);
    const port = portOf(receiver);
    await receiver.stop();
    const LATE = 200;
    for (let n = 0; n < LATE; n += 1) {
      send(`line ${n}`);
      // One at a time, with nobody there to take it.
      await until(() => unread() === 0);
    }
    const again = await startReceiver({ framing: 'octet-counting', port });
    await until(() => again.intake.texts.includes(`line ${LATE - 1}`));
    const kept = again.intake.texts.filter((text) => text !== 'ready?');
    // What was written into the broken connection before rsyslog noticed is gone, and nothing after that.
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, n) => `line ${LATE - kept.length + n}`));
    expect(kept.length).toBeGreaterThan(LATE - 20);
    expect([intake.refused, again.intake.refused]).toEqual([[], []]);
  });
});

function hasDriver(): boolean {
  const folders = ['/usr/lib', '/usr/lib64', ...subfolders('/usr/lib')].map((each) => join(each, 'rsyslog'));
  if (folders.some((each) => existsSync(join(each, 'lmnsd_ossl.so')))) return true;
  const missing = 'the TLS driver of rsyslog is not installed (apt-get install rsyslog-openssl)';
  if (process.env['CI'] === 'true') throw new Error(missing);
  process.stderr.write(`skipped: ${missing}\n`);
  return false;
}

function subfolders(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}
