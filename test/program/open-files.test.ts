import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { platform } from 'node:os';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Program, ProgramFolder, until } from './program.ts';

const FILES = 400;
const LINE = '/qseow-proxy-session/;node1;Start session;LAB;anna;x;x;x\n';

let folder: ProgramFolder;
let program: Program;
const sockets: Socket[] = [];
beforeEach(async () => {
  folder = new ProgramFolder();
  program = await Program.start(folder, ['sh', '-c', `ulimit -n ${FILES}; exec "$@"`, 'sh']);
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  expect(await program.stop()).toBe(0);
  folder.dispose();
});

/** So many connections that say nothing, whatever becomes of them. */
async function openIdle(port: number, count: number): Promise<void> {
  const opened = Array.from({ length: count }, () =>
    connect({ port, host: '127.0.0.1' }).on('error', () => {}),
  );
  sockets.push(...opened);
  await Promise.all(opened.map((socket) => once(socket, 'connect')));
}

/** From another address than those. */
async function ask<Answer>(path: string): Promise<Answer> {
  const request = get(program.api + path, { localAddress: '127.0.0.2', agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  return (await json(response)) as Answer;
}

it.skipIf(platform() !== 'linux')(
  'with few files to open, idle connections leave room for a relay, a question and a changed configuration (Linux only)',
  async () => {
    const said = program.log.find(({ level }) => level === 'warn');
    expect(said?.['msg']).toContain(`a process may open only ${FILES} files here`);
    await openIdle(Number(new URL(program.api).port), FILES);
    await openIdle(program.tcpPort, FILES);
    const relay = connect({ port: program.tcpPort, host: '127.0.0.1', localAddress: '127.0.0.2' });
    sockets.push(relay);
    relay.write(LINE);
    folder.write('blacklist: [ { directory: OTHER } ]');
    await until(
      async () => program.log.map(({ msg }) => msg),
      (messages) => messages.includes('blacklist reloaded'),
    );
    await ask('/readyz');
    const ingest = () => ask<{ accepted: number }>('/api/v1/ingest');
    await until(ingest, ({ accepted }) => accepted === 1);
  },
);
