import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Program, ProgramFolder, until } from './program.ts';

interface Totals {
  readonly total: number;
}
interface Counts {
  readonly asOf: string;
  readonly since: string;
  readonly quality: string;
  readonly reasons: readonly string[];
  readonly active: Record<string, number>;
  readonly created: Totals;
  readonly destroyed: Totals;
  readonly rejected: Totals;
  readonly hosts: readonly Record<'host' | 'sessions' | 'users' | 'connections', unknown>[];
  readonly virtualProxies: unknown;
  readonly apps: readonly { readonly opened: { readonly total: number } }[];
}
interface Ingest {
  readonly received: number;
  readonly accepted: number;
  readonly inFlight: number;
  readonly orphanStops: number;
  readonly orphanCloses: number;
}
interface Point {
  readonly at: string;
  readonly created: number | null;
  readonly active: number | null;
  readonly users: number | null;
  readonly connections: number | null;
}
interface Items<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

const APP = 'a421f4a2-c311-4ef4-ba41-fe2e6a2b0d69';
const line = (command: string, user: string) =>
  `/qseow-proxy-session/;node1;${command};LAB;${user};AppAccess;/app/${APP};x`;

let folder: ProgramFolder;
let program: Program;
beforeEach(async () => {
  folder = new ProgramFolder();
  program = await Program.start(folder);
});
afterEach(async () => {
  await program.end('SIGKILL');
  folder.dispose();
});

const write = (socket: Socket, text: string) => new Promise((written) => socket.write(text, written));

async function sendUdp(lines: readonly string[]): Promise<void> {
  const socket = createSocket('udp4');
  for (const text of lines) {
    await new Promise((sent) => socket.send(text, program.udpPort, '127.0.0.1', sent));
  }
  socket.close();
}

async function post(items: readonly object[]): Promise<number> {
  const response = await fetch(`${program.api}/api/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(items),
  });
  await response.arrayBuffer();
  return response.status;
}

const start = (user: string, more: object = {}) => ({
  type: 'session_start',
  user: { directory: 'LAB', id: user },
  host: 'node2',
  ...more,
});

function accepted(n: number): Promise<Ingest> {
  return until(
    () => program.get<Ingest>('/api/v1/ingest'),
    (ingest) => ingest.accepted === n && ingest.inFlight === 0,
  );
}

/** What must not depend on when the program was started. */
async function picture() {
  const { since, active, created, destroyed, rejected, hosts, virtualProxies, apps } =
    await program.get<Counts>('/api/v1/counts');
  const sessions = await program.get<Items<Record<string, unknown>>>('/api/v1/sessions?limit=1000');
  const events = await program.get<Items<unknown>>('/api/v1/events?limit=1000');
  const { orphanStops, orphanCloses } = await program.get<Ingest>('/api/v1/ingest');
  return {
    since,
    active: { ...active, bounds: null },
    totals: [created.total, destroyed.total, rejected.total],
    // How sure that is may differ: somebody may have left meanwhile.
    parts: [
      hosts.map(({ host, sessions, users, connections }) => [host, sessions, users, connections]),
      virtualProxies,
      // Seconds have passed.
      apps.map(({ opened, ...rest }) => ({ ...rest, opened: opened.total })),
    ],
    sessions: sessions.items.map(({ durationSeconds: _, doubtful: __, state: ___, ...rest }) => rest),
    events: events.items,
    orphans: [orphanStops, orphanCloses],
  };
}

const points = async () => (await program.get<{ points: Point[] }>('/api/v1/series?window=60s')).points;

/** The second after the one in which the program was told to end, and the one in which it listened again. */
async function restartAfterASilence(
  signal: NodeJS.Signals,
): Promise<{ from: number; to: number; code: unknown }> {
  const code = await program.end(signal);
  const ended = Date.now();
  await until(
    async () => Date.now(),
    (now) => now > ended + 3_200,
  );
  const to = Date.now();
  program = await Program.start(folder);
  return { from: ended, to, code };
}

describe.each(['SIGTERM', 'SIGINT', 'SIGKILL'] as const)('a program that was ended by %s', (signal) => {
  it('goes on where it was: counts, sessions, events, points, and a gap where it did not run', async () => {
    await sendUdp([
      line('Start session', 'anna'),
      line('Open connection', 'anna'),
      line('Start session', 'bert'),
      line('Stop session', 'bert'),
      line('Open connection', 'carl'),
      line('Stop session', 'nobody'),
    ]);
    expect(await post([start('dora', { virtualProxy: 'sales', id: 'd1' }), start('emil')])).toBe(202);
    await accepted(8);
    // So that a second with levels is over.
    const before = await until(
      async () => ({ ...(await picture()), points: await points() }),
      (found) => found.points.at(-1)?.active === 4,
    );
    const { from, to, code } = await restartAfterASilence(signal);
    expect(code).toBe(signal === 'SIGKILL' ? null : 0);

    const { points: pointsBefore, ...pictureBefore } = before;
    expect(await picture()).toEqual(pictureBefore);
    const { quality, reasons } = await program.get<Counts>('/api/v1/counts');
    expect(quality).toBe('estimated');
    expect(reasons).toContain('downtime');

    const pointsAfter = await until(
      points,
      (found) => found.filter((each) => each.active !== null).length > 2,
    );
    const byTime = new Map(pointsAfter.map((point) => [point.at, point]));
    for (const point of pointsBefore) {
      const again = byTime.get(point.at);
      if (again !== undefined && point.active !== null) expect(again).toEqual(point);
    }
    // The seconds that lie wholly between both.
    const silent = pointsAfter.filter(({ at }) => {
      const began = Date.parse(at);
      return began > from && began + 2_000 <= to;
    });
    expect(silent.length).toBeGreaterThan(0);
    for (const point of silent) expect(point).toMatchObject({ active: null, users: null, created: null });

    // An identity is remembered across the restart, and a Stop finds its session.
    expect(await post([start('dora', { virtualProxy: 'sales', id: 'd1' })])).toBe(202);
    await sendUdp([line('Stop session', 'anna')]);
    const counts = await until(
      () => program.get<Counts>('/api/v1/counts'),
      (found) => found.active['sessions'] === 3,
    );
    expect(counts.created.total - counts.destroyed.total).toBe(3);
  });
});

describe('a program that is told to stop', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('by %s loses nothing that has arrived', async (signal) => {
    // As many as the smallest receive buffer holds, in case nothing of it is read before the signal.
    const lines = Array.from({ length: 100 }, (_, n) => line('Start session', `user${n}`));
    const tcp = connect(program.tcpPort, '127.0.0.1');
    await once(tcp, 'connect');
    await new Promise((written) => tcp.write(`${lines.join('\n').replaceAll('user', 'tcp')}\n`, written));
    await accepted(100);
    await sendUdp(lines);
    expect(await program.end(signal)).toBe(0);
    tcp.destroy();
    program = await Program.start(folder);
    const { active } = await program.get<Counts>('/api/v1/counts');
    expect(active).toMatchObject({ sessions: 200, users: 200 });
  });

  it('says not ready, and still takes a request that is under way', async () => {
    const { host, port } = new URL(program.api);
    // Neither is finished: an idle connection would be closed at once.
    const asking = connect(Number(port), '127.0.0.1');
    const posting = connect(Number(port), '127.0.0.1');
    const answers = [asking, posting].map(async (socket) => {
      let text = '';
      for await (const part of socket) text += part;
      return text;
    });
    const body = JSON.stringify([start('anna'), start('bert')]);
    const head = `Host: ${host}\r\nConnection: close\r\n`;
    await write(asking, `GET /readyz HTTP/1.1\r\n${head}`);
    await write(
      posting,
      `POST /api/v1/events HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 10)}`,
    );
    // A connection that was made later has been heard, so these have been too.
    await until(
      () => program.get('/readyz'),
      () => true,
    );
    const ended = program.end('SIGTERM');
    await until(
      async () => program.log.at(-1)?.['msg'],
      (message) => message === 'stopping',
    );
    await write(asking, '\r\n');
    await write(posting, body.slice(10));
    const [asked, posted] = await Promise.all(answers);
    expect(asked).toMatch(/^HTTP\/1.1 503 /);
    expect(posted).toMatch(/^HTTP\/1.1 202 /);
    expect(await ended).toBe(0);
    program = await Program.start(folder);
    expect((await program.get<Counts>('/api/v1/counts')).active['sessions']).toBe(2);
  });

  it('leaves everything in the one file, so that a copy of it is a copy of all', async () => {
    expect(await post([start('anna'), start('bert')])).toBe(202);
    expect(await program.stop()).toBe(0);
    expect.soft(readdirSync(folder.store).filter((name) => name.endsWith('-wal'))).toEqual([]);
    for (const name of readdirSync(folder.store)) {
      if (name !== 'headcount.db') rmSync(join(folder.store, name));
    }
    program = await Program.start(folder);
    expect((await program.get<Counts>('/api/v1/counts')).active['sessions']).toBe(2);
  });

  it('while requests come in has stored each event that it answered 202', async () => {
    const answered: string[] = [];
    const posting = [0, 1, 2].map(async (sender) => {
      for (let n = 0; ; n += 1) {
        const id = `${sender}-${n}`;
        const status = await post([start(`user-${id}`, { id })]).catch(() => null);
        if (status !== 202) return;
        answered.push(id);
      }
    });
    await until(
      async () => answered.length,
      (n) => n > 50,
    );
    expect(await program.end('SIGTERM')).toBe(0);
    await Promise.all(posting);
    program = await Program.start(folder);
    const stored = new Set<string>();
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Items<{ eventId: string }> = await program.get(
        `/api/v1/events?limit=1000${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      for (const { eventId } of page.items) stored.add(eventId);
      cursor = page.nextCursor;
    }
    expect(answered.filter((id) => !stored.has(id))).toEqual([]);
  });

  it('does not wait for a relay that keeps its connection open', async () => {
    const relay = connect(program.tcpPort, '127.0.0.1').on('error', () => {});
    await once(relay, 'connect');
    relay.write('half a line without an end');
    await until(
      () => program.get<{ receivers: { connections?: number }[] }>('/api/v1/ingest'),
      ({ receivers }) => receivers.some((each) => each.connections === 1),
    );
    expect(await program.end('SIGTERM')).toBe(0);
    relay.destroy();
  });

  it('does not wait for a browser that connected and has not asked yet', async () => {
    const { hostname, port } = new URL(program.api);
    const idle = connect(Number(port), hostname).on('error', () => {});
    await once(idle, 'connect');
    // Accepted after the idle one.
    await program.get('/readyz');
    expect(await program.end('SIGTERM')).toBe(0);
    idle.destroy();
  });

  it('does not wait for a request that never ends', async () => {
    const { hostname, port } = new URL(program.api);
    const slow = connect(Number(port), hostname).on('error', () => {});
    await once(slow, 'connect');
    slow.write(
      'POST /api/v1/events HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n[',
    );
    // Answered after the slow one's first bytes were read.
    await program.get('/readyz');
    expect(await program.end('SIGTERM')).toBe(0);
    slow.destroy();
  });

  it('and then to read its configuration again still stops in good order', async () => {
    const { hostname, port } = new URL(program.api);
    // Keeps it stopping until it is closed.
    const slow = connect(Number(port), hostname).on('error', () => {});
    await once(slow, 'connect');
    slow.write('GET /readyz HTTP/1.1\r\nhost: x\r\n');
    await program.get('/readyz');
    const exited = once(program.child, 'exit');
    program.child.kill('SIGTERM');
    await until(
      async () => program.log.map((entry) => entry['msg']),
      (messages) => messages.includes('stopping'),
    );
    program.child.kill('SIGHUP');
    slow.destroy();
    await exited;
    expect([program.child.exitCode, program.child.signalCode]).toEqual([0, null]);
  });
});
