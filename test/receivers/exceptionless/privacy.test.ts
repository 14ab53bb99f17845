import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Program, ProgramFolder, until } from '../../program/program.ts';
import { NodeClient, stored } from './clients-under-test.ts';

/** Stands in everything that a client sends and nobody should keep, the command line too. */
const MARK = 'privatemark';
/** Sent as well, and in none of what is kept. */
const OTHERS = ['52.123', 'command_line', 'stack_trace', 'total_physical_memory', 'a-client-key-0123456789'];

let folder: ProgramFolder;
let program: Program;
let client: NodeClient;
beforeAll(async () => {
  folder = new ProgramFolder('sinks: [ { type: console } ]', '  - { type: exceptionless, name: shop }\n');
  program = await Program.start(folder);
  client = new NodeClient(program.api, 'identity', 'begins', MARK);
  await client.do('user anna', 'start', `private ${MARK}`, 'post');
  await until(
    () => stored(program, '/api/v1/events?kind=note'),
    (notes) => notes.length === 2,
  );
  // The sink has everything, too.
  await until(
    async () => program.log.map((line) => JSON.stringify(line)).join('\n'),
    (log) => log.includes('with data of its own'),
  );
});
afterAll(async () => {
  await client.end('SIGKILL').catch(() => {});
  await program.end('SIGKILL');
  folder.dispose();
});

it('the client does send what must not be kept', async () => {
  let body = '';
  const server = createServer(async (request, response) => {
    body += await text(request);
    response.writeHead(202, { 'x-exceptionless-configversion': '1' }).end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const other = new NodeClient(`http://127.0.0.1:${port}`, 'identity', 'begins', MARK);
  await other.do('user anna', `private ${MARK}`, 'post');
  await other.end('SIGKILL');
  server.closeAllConnections();
  server.close();
  const values = [
    '"c":"privatemark"',
    '"p":"privatemark"',
    '"card":"privatemark"',
    '"x-own":["privatemark"]',
  ];
  for (const value of [
    ...values,
    '"secret":"privatemark"',
    'http://x/privatemark',
    'identity begins privatemark',
  ])
    expect(body).toContain(value);
  for (const mark of ['52.123', 'command_line', 'stack_trace']) expect(body).toContain(mark);
});

function expectNothing(what: string): void {
  for (const mark of [MARK, ...OTHERS]) expect(what).not.toContain(mark);
}

it('nothing private of an event is in the log, nor in what a sink gets', () => {
  const written = program.log.map((line) => JSON.stringify(line)).join('\n');
  expect(written).toContain('a private one');
  expectNothing(written);
});

it('nothing private of an event is in any answer of the API', async () => {
  const [session] = await stored(program, '/api/v1/sessions');
  const paths = ['/api/v1/events', `/api/v1/sessions/${session?.['id']}`, '/api/v1/ingest', '/api/v1/counts'];
  const answers = await Promise.all(paths.map((path) => program.get(path)));
  const sent = JSON.stringify(answers);
  expect(sent).toContain('a private one');
  // What is kept of its surroundings.
  expect(sent).toContain('/basket');
  expectNothing(sent);
});

it('nothing private of an event is in the database', async () => {
  await program.stop();
  const database = new DatabaseSync(join(folder.store, 'headcount.db'), { readOnly: true });
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  const rows = tables.map(({ name }) => JSON.stringify(database.prepare(`SELECT * FROM ${name}`).all()));
  database.close();
  expect(rows.join('\n')).toContain('a private one');
  expectNothing(rows.join('\n'));
});
