import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Program, ProgramFolder, until } from '../../program/program.ts';
import { NodeClient, stored } from './clients-under-test.ts';

const anna = { directory: 'LAB', id: 'anna' };

describe('the real client for Node', () => {
  let folder: ProgramFolder;
  let program: Program;
  let clients: NodeClient[] = [];
  beforeAll(async () => {
    folder = new ProgramFolder('', '  - { type: exceptionless, name: shop }\n');
    program = await Program.start(folder);
  });
  afterEach(async () => {
    for (const client of clients) await client.end('SIGKILL').catch(() => {});
    clients = [];
  });
  afterAll(async () => {
    await program.end('SIGKILL');
    folder.dispose();
  });

  function client(server: string, ...how: string[]): NodeClient {
    const made = new NodeClient(server, ...how);
    clients.push(made);
    return made;
  }

  const sessionsOf = (user: string) => stored(program, `/api/v1/sessions?user=${encodeURIComponent(user)}`);
  const notesOf = (user: string) =>
    stored(program, `/api/v1/events?kind=note&user=${encodeURIComponent(user)}`);

  it('has its session from the start to the end, with what was done in it up to the error', async () => {
    const made = client(program.api, 'identity');
    await made.do('user LAB\\anna', 'start', 'usage export', 'log took one', 'error it broke', 'post');
    const [session] = await until(
      () => sessionsOf('LAB\\anna'),
      (found) => found.length === 1,
    );
    expect(session).toMatchObject({ user: anna, host: 'shop', startExact: true, endedAt: null });
    expect(await notesOf('LAB\\anna')).toMatchObject([
      { noteType: 'usage', source: 'export', value: 3, userName: 'Some One' },
      { noteType: 'log', source: 'orders', level: 'warn', message: 'took one' },
      { noteType: 'error', source: 'TypeError', message: 'it broke' },
    ]);
    await made.end();
    clients = [];
    const [end] = await until(
      () => stored(program, '/api/v1/events?kind=session_stop&user=LAB%5Canna'),
      (found) => found.length === 1,
    );
    // It counts when the grace is over.
    expect(end).toMatchObject({ user: anna, sessionId: session?.['id'] });
  });

  it('has a session under an id of its own before its user is known', async () => {
    const made = client(program.api, 'ids');
    await made.do('post', 'user ida', 'usage first', 'post');
    const found = await until(
      () => sessionsOf('ida'),
      (sessions) => sessions.length === 1,
    );
    expect(found).toMatchObject([{ startExact: true, endedAt: null }]);
    await made.end();
    clients = [];
    await until(
      () => sessionsOf('ida'),
      ([session]) => session?.['endReason'] === 'stop',
    );
  });

  it('is heard where it says no more than that it is on', async () => {
    const made = client(program.api, 'identity');
    await made.do('user a+b@example.com', 'start', 'post');
    const [before] = await until(
      () => sessionsOf('a+b@example.com'),
      (found) => found.length === 1,
    );
    await made.do('beat');
    await until(
      () => sessionsOf('a+b@example.com'),
      ([after]) => String(after?.['lastActivityAt']) > String(before?.['lastActivityAt']),
    );
  });

  it('loses nothing, and nothing counts twice, while the server is away, full, and killed before it answers', async () => {
    let server: Server | null = null;
    let answer: 'full' | 'killed' | 'good' = 'full';
    /** Stands before the program: the client must find the same address when that comes again. */
    const front = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      if (answer === 'full') return response.writeHead(503).end('{}');
      const { authorization = '', 'content-type': type } = request.headers;
      const headers = { authorization, ...(type === undefined ? {} : { 'content-type': type }) };
      const body = chunks.length === 0 ? null : Buffer.concat(chunks);
      const asked = fetch(program.api + request.url, { method: request.method ?? '', headers, body });
      const reply = await asked.catch(() => null);
      if (reply === null) return request.socket.destroy();
      if (answer === 'killed') {
        await program.end('SIGKILL');
        return request.socket.destroy();
      }
      return response
        .writeHead(reply.status, { 'x-exceptionless-configversion': '1' })
        .end(await reply.text());
    });
    await new Promise<void>((listening) => front.listen(0, '127.0.0.1', listening));
    const { port } = front.address() as AddressInfo;
    server = front;
    try {
      const made = client(`http://127.0.0.1:${port}`, 'identity');
      await made.do('user lost', 'start', 'log one', 'log one', 'usage two', 'post');
      answer = 'killed';
      await made.do('post');
      // Nobody is there.
      answer = 'good';
      await made.do('error three', 'post');
      program = await Program.start(folder);
      await made.do('post', 'post');
      expect(await sessionsOf('lost')).toHaveLength(1);
      expect(
        (await notesOf('lost')).map(({ noteType, message, source }) => [noteType, message ?? source]),
      ).toEqual([
        ['log', 'one'],
        ['log', 'one'],
        ['usage', 'two'],
        ['error', 'three'],
      ]);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
