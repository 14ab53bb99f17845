import { once } from 'node:events';
import { connect as createConnection } from 'node:net';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterEach, describe, expect, it } from 'vitest';
import { Program, ProgramFolder, until } from '../program/program.ts';
import { hasNats, NatsServers } from './nats-servers.ts';

const programs: Program[] = [];
const folders: ProgramFolder[] = [];
let servers: NatsServers | null = null;

afterEach(async () => {
  for (const program of programs.splice(0)) await program.end('SIGKILL');
  for (const folder of folders.splice(0)) folder.dispose();
  await servers?.dispose();
  servers = null;
});

function folderOf(extra: string, receivers = ''): ProgramFolder {
  const folder = new ProgramFolder(extra, receivers);
  folders.push(folder);
  return folder;
}

async function run(folder: ProgramFolder): Promise<Program> {
  const program = await Program.start(folder);
  programs.push(program);
  return program;
}

const list = (urls: readonly string[]) => `[${urls.map((url) => `"${url}"`).join(', ')}]`;
const edgeOf = (site: string, urls: readonly string[]) =>
  folderOf(
    `site: ${site}\nsinks:\n  - { type: nats, servers: ${list(urls)}, interval: 20ms, partitions: 3, maxSize: 100MB }\n`,
  );
const centreOf = (urls: readonly string[]) => folderOf('', `  - { type: nats, servers: ${list(urls)} }\n`);

async function post(program: Program, items: readonly object[]): Promise<void> {
  const answer = await fetch(`${program.api}/api/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(items),
  });
  expect(answer.status).toBe(202);
}

const starts = (from: number, count: number, host = 'node1') =>
  Array.from({ length: count }, (_, n) => ({
    ...{ type: 'session_start', host, id: `${host}-${from + n}` },
    user: { directory: 'LAB', id: `user${from + n}` },
  }));

interface Counts {
  readonly active: { readonly sessions: number; readonly users: number };
  readonly created: { readonly total: number };
  readonly destroyed: { readonly total: number };
}
const counts = (program: Program, query = '') => program.get<Counts>(`/api/v1/counts${query}`);
const hasSessions = (program: Program, sessions: number, query = '') =>
  until(
    () => counts(program, query),
    ({ active }) => active.sessions === sessions,
    20_000,
  );

describe.skipIf(!hasNats)('a central Headcount', () => {
  it('has the sessions of all sites, whose hosts may have the same names, and each event once', async () => {
    servers = await NatsServers.start();
    const [berlin, paris] = [
      await run(edgeOf('berlin', servers.urls)),
      await run(edgeOf('paris', servers.urls)),
    ];
    await post(berlin, starts(0, 40));
    const centreFolder = centreOf(servers.urls);
    let centre = await run(centreFolder);
    await post(paris, starts(0, 30));
    await post(centre, starts(100, 5));
    await hasSessions(centre, 75);
    expect((await counts(centre)).active.users).toBe(45);
    await hasSessions(centre, 40, '?host=berlin/node1');
    await hasSessions(centre, 30, '?host=paris/node1');
    const metrics = await until(
      async () => (await fetch(`${centre.api}/metrics`)).text(),
      (text) => /headcount_edge_events_behind\{site="paris",edge="\w+"\} 0/.test(text),
    );
    expect(metrics).toMatch(/headcount_edge_events_total\{site="berlin",edge="\w+"\} 40/);
    // After a restart it goes on where it was.
    expect(await centre.stop()).toBe(0);
    await post(berlin, [{ ...starts(0, 1)[0], id: 'end', type: 'session_stop' }]);
    centre = await run(centreFolder);
    await hasSessions(centre, 74);
    await centre.end('SIGKILL');
    await post(paris, starts(30, 1));
    centre = await run(centreFolder);
    // What was not on the disk when it was killed comes again.
    const { active } = await until(
      () => counts(centre),
      ({ created, destroyed }) => created.total === 76 && destroyed.total === 1,
    );
    expect(active.sessions).toBe(75);
  }, 120_000);

  it('counts each line once where two edges of a site get all of them, and misses none when one of them dies', async () => {
    servers = await NatsServers.start();
    const centre = await run(centreOf(servers.urls));
    const one = await run(edgeOf('berlin', servers.urls));
    const two = await run(edgeOf('berlin', servers.urls));
    await sendLines([one, two], 0, 50);
    await hasSessions(centre, 50);
    await delivered(one, 50);
    await one.end('SIGKILL');
    await sendLines([two], 50, 50);
    await hasSessions(centre, 100);
    const { created } = await counts(centre);
    const { accepted, duplicates } = await until(
      () => centre.get<{ accepted: number; duplicates: number }>('/api/v1/ingest'),
      (ingest) => ingest.accepted + ingest.duplicates === 150,
    );
    expect([created.total, accepted, duplicates]).toEqual([100, 100, 50]);
  }, 120_000);

  it('is as right as the edges are, and says when it hears nothing of one', async () => {
    servers = await NatsServers.start();
    const centre = await run(centreOf(servers.urls));
    const [berlin, paris] = [
      await run(edgeOf('berlin', servers.urls)),
      await run(edgeOf('paris', servers.urls)),
    ];
    const told = (host: string, low: number, ...reasons: readonly string[]) =>
      until(
        () => centre.get<HostCounts>('/api/v1/counts'),
        ({ hosts }) => {
          const found = hosts.find((each) => each.host === host);
          // The stores are new, so that nobody knows the high end.
          const news = found?.reasons.filter((reason) => reason !== 'warming_up');
          return news?.join() === reasons.join() && found?.bounds.sessions.low === low;
        },
        30_000,
      );
    await sendLines([berlin], 0, 20);
    await sendLines([paris], 0, 10);
    await told('berlin/node1', 20);
    // Five lines never come.
    await sendLines([paris], 15, 10);
    await told('paris/node1', 15, 'gap');
    await told('berlin/node1', 20);
    await paris.end('SIGKILL');
    await told('paris/node1', 0, 'gap', 'site_silent');
    await told('berlin/node1', 20);
  }, 90_000);

  it('asks an edge again for what the stream has lost, and has it all in the end', async () => {
    servers = await NatsServers.start();
    const edgeFolder = edgeOf('berlin', servers.urls);
    const edge = await run(edgeFolder);
    const centreFolder = centreOf(servers.urls);
    let centre = await run(centreFolder);
    await post(edge, starts(0, 20));
    await hasSessions(centre, 20);
    expect(await centre.stop()).toBe(0);
    // More than the centre ever sees: the stream is deleted with it, and another one takes its place.
    await post(edge, starts(20, 50));
    await delivered(edge, 70);
    await deleteStream(servers.urls[0] ?? '');
    await post(edge, starts(70, 10));
    await delivered(edge, 80);
    centre = await run(centreFolder);
    await hasSessions(centre, 80);
    const { receivers } = await centre.get<Ingest>('/api/v1/ingest');
    const { edges = [] } = receivers.find(({ name }) => name === 'nats') ?? {};
    expect(edges).toEqual([expect.objectContaining({ site: 'berlin', missing: [], gone: 0 })]);
  }, 120_000);
});

/** Starts of sessions in Headcount's own layout, each to all of these, as two appenders send them. */
async function sendLines(edges: readonly Program[], from: number, count: number): Promise<void> {
  const time = new Date().toISOString().replaceAll(/[-:]/g, '').replace('Z', '+0000');
  const lines = Array.from({ length: count }, (_, n) => {
    const row = from + n + 1;
    return `/headcount/2;${row};${time};node1;Start session;0;(null);p${row};r;x;(null);LAB;user${row};x;x\n`;
  });
  for (const { tcpPort } of edges) {
    const socket = createConnection(tcpPort, '127.0.0.1');
    socket.end(lines.join(''));
    await once(socket, 'close');
  }
}

interface HostCounts {
  readonly hosts: readonly {
    readonly host: string;
    readonly reasons: readonly string[];
    readonly bounds: { readonly sessions: { readonly low: number } };
  }[];
}

interface Ingest {
  readonly receivers: readonly { readonly name: string; readonly edges?: readonly object[] }[];
  readonly sinks: readonly { readonly delivered: number; readonly pending: number }[];
}

const delivered = (program: Program, rows: number) =>
  until(
    () => program.get<Ingest>('/api/v1/ingest'),
    ({ sinks }) => sinks[0]?.delivered === rows,
    20_000,
  );

async function deleteStream(url: string): Promise<void> {
  const connection = await connect({ servers: url, reconnect: false });
  try {
    await (await jetstreamManager(connection)).streams.delete('headcount');
  } finally {
    await connection.close();
  }
}
