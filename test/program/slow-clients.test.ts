import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { platform } from 'node:os';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Program, ProgramFolder, until } from './program.ts';

interface Ingest {
  readonly received: number;
  readonly accepted: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly inFlight: number;
  readonly receivers: readonly {
    readonly name: string;
    readonly connections: number;
    readonly heldBytes: number;
  }[];
}

const SLOW = Math.min(2_000, openFilesLimit() - 1_100);
const LINES = 10_000;
/** Connections opened at the same time: what waits at the door of any system. */
const AT_ONCE = 100;
const BEGINNING = '/qseow-proxy-session/;node1;Start session;LAB;slow';

let folder: ProgramFolder;
let program: Program;
const clients: Socket[] = [];
beforeEach(async () => {
  folder = new ProgramFolder();
  const most = SLOW + 10;
  writeFileSync(
    folder.config,
    `receivers:
  - { type: udp, host: 127.0.0.1, port: 0 }
  - { type: tcp, port: 0, maxConnections: ${most}, maxConnectionsPerAddress: ${most}, frameTimeout: 5m }
api: { port: 0 }
log: { format: json }
`,
  );
  program = await Program.start(folder);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  expect(await program.stop()).toBe(0);
  folder.dispose();
});

/** Node has raised it as far as it may, here and in the program. */
function openFilesLimit(): number {
  if (platform() !== 'linux') return 1_500;
  return Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
}

async function open(): Promise<Socket> {
  const client = connect(program.tcpPort, '127.0.0.1');
  clients.push(client);
  client.on('error', () => {});
  await once(client, 'connect');
  return client;
}

const ingest = () => program.get<Ingest>('/api/v1/ingest');
const tcpOf = ({ receivers }: Ingest) => receivers.find(({ name }) => name === 'tcp');
const openFiles = () => (platform() === 'linux' ? readdirSync(`/proc/${program.child.pid}/fd`).length : 0);

it(`a relay is heard beside ${SLOW} clients that send a byte now and then, and nothing of them stays`, async () => {
  const good = await open();
  good.write(`${BEGINNING.replace('slow', 'first')};x;x;x\n`);
  await until(ingest, ({ accepted }) => accepted === 1);
  const filesBefore = openFiles();
  const slow: Socket[] = [];
  while (slow.length < SLOW) slow.push(...(await Promise.all(Array.from({ length: AT_ONCE }, open))));
  const dripping = [...BEGINNING].values();
  const drip = () => {
    const byte = dripping.next().value ?? 'x';
    for (const client of slow) client.write(byte);
  };
  drip();
  const timer = setInterval(drip, 500);
  try {
    const held = await until(ingest, (found) => (tcpOf(found)?.heldBytes ?? 0) >= slow.length);
    expect(tcpOf(held)?.connections).toBe(slow.length + 1);
    for (let n = 0; n < LINES; n += 1) {
      const command = n % 2 === 0 ? 'Start session' : 'Stop session';
      good.write(`/qseow-proxy-session/;node1;${command};LAB;good${(n >> 1) % 100};x;x;${n}\n`);
    }
    const heard = await until(ingest, ({ accepted }) => accepted === LINES + 1);
    expect(tcpOf(heard)).toMatchObject({ connections: slow.length + 1 });
    expect(heard.refused).toEqual({});
  } finally {
    clearInterval(timer);
  }
  for (const client of slow) client.resetAndDestroy();
  const left = await until(ingest, (found) => tcpOf(found)?.connections === 1);
  expect(left).toMatchObject({
    received: LINES + 1 + slow.length,
    accepted: LINES + 1,
    refused: { frame_cut_off: slow.length },
    inFlight: 0,
  });
  expect(tcpOf(left)?.heldBytes).toBe(0);
  expect(openFiles()).toBeLessThan(filesBefore + 20);
});
