import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { appendFileSync, existsSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Program, ProgramFolder, until } from './program.ts';

interface Ingest {
  readonly received: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly heartbeats: number;
  readonly excluded: number;
  readonly refused: Record<string, number>;
  readonly inFlight: number;
}
interface Counts {
  readonly active: { sessions: number; users: number; connections: number; connectedUsers: number };
  readonly created: { total: number };
  readonly destroyed: { total: number };
}
interface Sessions {
  readonly items: readonly {
    id: string;
    user: { directory: string; id: string };
    endReason: string | null;
  }[];
}

const APP = 'a421f4a2-c311-4ef4-ba41-fe2e6a2b0d69';
const line = (command: string, user: string) =>
  `/qseow-proxy-session/;node1;${command};LAB;${user};AppAccess;/app/${APP};x`;

let folder: ProgramFolder;
let program: Program;
let udp: Socket;
beforeEach(async () => {
  folder = new ProgramFolder();
  program = await Program.start(folder);
  udp = createSocket('udp4');
});
afterEach(async () => {
  udp.close();
  await program.end('SIGKILL');
  folder.dispose();
});

function send(text: string): Promise<void> {
  return new Promise((sent, failed) => {
    udp.send(text, program.udpPort, '127.0.0.1', (error) => (error ? failed(error) : sent()));
  });
}

async function post(items: readonly object[]): Promise<void> {
  const response = await fetch(`${program.api}/api/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(items),
  });
  expect(response.status, await response.text()).toBe(202);
}

const item = (type: string, user: string) => ({
  type,
  user: { directory: 'lab', id: user },
  host: 'NODE1.example.com',
  ...(type.startsWith('connection') ? { appId: APP.toUpperCase() } : {}),
});

/** What came in, with what must hold at any moment. */
async function ingest(): Promise<Ingest> {
  const found = await program.get<Ingest>('/api/v1/ingest');
  const { received, accepted, duplicates, heartbeats, excluded, refused, inFlight } = found;
  const refusals = Object.values(refused).reduce((sum, n) => sum + n, 0);
  expect(accepted + duplicates + heartbeats + excluded + refusals + inFlight, JSON.stringify(found)).toBe(
    received,
  );
  return found;
}

const settled = (received: number) =>
  until(ingest, (found) => found.received === received && found.inFlight === 0);
const counts = () => program.get<Counts>('/api/v1/counts');
const messages = (text: string) => program.log.filter((entry) => entry['msg'] === text);

describe('events by UDP, TCP and HTTP', () => {
  it('of the same users make one picture', async () => {
    await send(line('Start session', 'anna'));
    await settled(1);
    const tcp = connect(program.tcpPort, '127.0.0.1');
    await once(tcp, 'connect');
    tcp.write(`${line('Open connection', 'ANNA')}\n${line('Start session', 'bert').slice(0, 20)}`);
    await settled(2);
    // The rest of a line, one with CR LF, and an empty one.
    tcp.write(`${line('Start session', 'bert').slice(20)}\n${line('Start session', 'carl')}\r\n\n`);
    await until(ingest, ({ accepted }) => accepted === 4);
    await post([item('connection_open', 'bert'), item('session_stop', 'carl'), { type: 'heartbeat' }]);
    expect(await counts()).toMatchObject({
      active: { sessions: 2, users: 2, connections: 2, connectedUsers: 2 },
      created: { total: 3 },
      destroyed: { total: 1 },
      hosts: [{ host: 'node1', sessions: 2 }],
      apps: [{ appId: APP, connections: 2, users: 2 }],
    });
    await send(line('Close connection', 'bert'));
    tcp.end(line('Stop session', 'bert'));
    await until(ingest, ({ accepted }) => accepted === 8);
    await post([item('connection_close', 'anna'), item('session_stop', 'anna')]);
    expect((await counts()).active).toMatchObject({
      sessions: 0,
      users: 0,
      connections: 0,
      connectedUsers: 0,
    });
    const { items } = await program.get<Sessions>('/api/v1/sessions');
    expect(items.map(({ user, endReason }) => [user.id.toLowerCase(), endReason])).toEqual([
      ['carl', 'stop'],
      ['bert', 'stop'],
      ['anna', 'stop'],
    ]);
  });

  it('add up at every moment, whatever becomes of them', async () => {
    const lines = [
      line('Start session', 'anna'),
      line('Stop session', 'anna'),
      'no event at all',
      '',
      '/qseow-engine/;node1;INFO;x',
      '/headcount/2;7;20261026T003510.073+0200;node1;Start session;0;c0de1;p;r;x;(null);LAB;carl;Not available;x',
    ];
    const tcp = connect(program.tcpPort, '127.0.0.1');
    await once(tcp, 'connect');
    let polled = 0;
    let sending = true;
    const polling = (async () => {
      for (; sending; polled += 1) await ingest();
    })();
    const posting = (async () => {
      for (let n = 0; sending; n += 1) {
        await post([item('session_start', `u${n}`), { type: 'heartbeat' }, { type: 'nonsense' }]);
      }
    })();
    for (let n = 0; n < 300; n += 1) {
      await send(lines[n % lines.length] ?? '');
      tcp.write(`${lines[(n + 1) % lines.length]}\n`);
    }
    await until(ingest, ({ refused }) => (refused['unknown_format'] ?? 0) >= 100);
    await until(
      async () => polled,
      (times) => times > 5,
    );
    sending = false;
    await Promise.all([polling, posting]);
    tcp.destroy();
    const last = await until(ingest, ({ inFlight }) => inFlight === 0);
    expect(last.refused).toMatchObject({ unknown_format: 100, not_user_event: 100 });
    // One of them in each way is the first.
    expect(last.duplicates).toBe(99);
    const { active, created, destroyed } = await counts();
    expect(created.total - destroyed.total).toBe(active.sessions);
  });
});

describe('the blacklist', () => {
  const users = async (query = '') => {
    const { items } = await program.get<Sessions>(`/api/v1/sessions?limit=1000${query}`);
    return [...new Set(items.map(({ user }) => user.id))].sort();
  };
  const broken = 'the changed configuration has errors; the old one stays; it is tried again every 5 s';
  const reloads = () => messages('configuration read again').length;
  /** Resolves when the program has begun to look at its file. */
  const watched = () =>
    until(
      async () => {
        appendFileSync(folder.config, '# looked at\n');
        return reloads();
      },
      (n) => n > 0,
    );
  /** Edits the file, and waits until the new rules are taken. */
  async function edit(text: string): Promise<void> {
    const before = reloads();
    const rules = text.split('{').length - 1;
    folder.write(text);
    // A reload of the text before may still be under way.
    await until(
      async () => messages('configuration read again').slice(before),
      (reloaded) => reloaded.at(-1)?.['rules'] === rules,
    );
  }

  it('that changes while events come hides who is excluded until it is taken back, and loses no event', async () => {
    let sent = 0;
    let going = true;
    const both = async (one: (user: string, n: number) => Promise<void>) => {
      for (let n = 0; going; n += 1) {
        await one(n % 2 === 0 ? 'anna' : 'eve', n);
        sent += 1;
        // Paced, so that no receive buffer overflows.
        if (n % 20 === 19) await ingest();
      }
    };
    const flows = [
      both((user, n) => send(line(n % 4 < 2 ? 'Open connection' : 'Close connection', user))),
      both((user, n) => post([item(n % 4 < 2 ? 'connection_open' : 'connection_close', user)])),
    ];
    await until(ingest, ({ accepted }) => accepted > 100);
    expect(await users()).toEqual(['anna', 'eve']);
    const { items } = await program.get<Sessions>('/api/v1/sessions?user=LAB%5Ceve');
    await watched();
    await edit('blacklist: [{ directory: LAB, userId: Eve }]\n');
    const { excluded: before } = await ingest();
    await until(ingest, ({ excluded }) => excluded > before + 50);
    going = false;
    await Promise.all(flows);
    const { accepted, excluded, received } = await settled(sent);
    expect(accepted + excluded).toBe(sent);
    expect(received).toBe(sent);
    expect(excluded).toBeGreaterThan(0);
    expect(await users()).toEqual(['anna']);
    expect(await users('&active=true')).toEqual(['anna']);
    expect(await users('&user=eve')).toEqual([]);
    expect(await counts()).toMatchObject({
      active: { sessions: 1, users: 1 },
      created: { total: 2 },
      destroyed: { total: 1 },
    });
    const one = async () => (await fetch(`${program.api}/api/v1/sessions/${items[0]?.id}`)).status;
    expect(await one()).toBe(404);
    const events = async () => {
      const found = await program.get<Sessions>('/api/v1/events?user=eve');
      return found.items.length;
    };
    expect(await events()).toBe(0);

    // Also when the program starts again.
    await program.stop();
    program = await Program.start(folder);
    expect(await users('&active=true')).toEqual(['anna']);
    expect(await one()).toBe(404);
    await watched();
    await edit('');
    expect(await users('&active=true')).toEqual(['anna', 'eve']);
    expect(await one()).toBe(200);
    expect(await events()).toBeGreaterThan(0);
    expect(await counts()).toMatchObject({
      active: { sessions: 2, users: 2 },
      created: { total: 2 },
      destroyed: { total: 0 },
    });
  });

  it('of a broken file is not taken: one line says where, and the old rules stay', async () => {
    await watched();
    await edit('blacklist: [{ directory: LAB, userId: eve }]\n');
    folder.write('blacklist: [{ directory: LAB, userid: bert }]\n');
    await until(
      async () => messages(broken).length,
      (n) => n > 0,
    );
    await post([item('session_start', 'eve'), item('session_start', 'bert')]);
    expect(await ingest()).toMatchObject({ accepted: 1, excluded: 1 });
    await edit('blacklist: [{ directory: LAB }]\n');
    const problem = `${folder.config}:6:31 blacklist[0].userid: unknown key, did you mean "userId"?`;
    expect(messages(broken)).toEqual([expect.objectContaining({ level: 'error', problems: [problem] })]);
    expect((await counts()).active.sessions).toBe(0);
  });

  it('is read again on SIGHUP', async () => {
    await post([item('session_start', 'eve')]);
    appendFileSync(folder.config, 'blacklist: [{ directory: "L*" }]\n');
    program.child.kill('SIGHUP');
    await until(counts, ({ active }) => active.sessions === 0);
    // The file as it is, many times more: the watch sees nothing then.
    await until(
      async () => {
        program.child.kill('SIGHUP');
        return reloads();
      },
      (n) => n > 5,
    );
    expect((await program.get<{ status: string }>('/readyz')).status).toBe('ok');
  });

  it('stays as it was when the file is gone', async () => {
    await watched();
    await edit('blacklist: [{ directory: LAB, userId: eve }]\n');
    rmSync(folder.config);
    await until(
      async () => messages(broken).length,
      (n) => n > 0,
    );
    await post([item('session_start', 'eve')]);
    expect(await ingest()).toMatchObject({ accepted: 0, excluded: 1 });
    await edit('');
    await post([item('session_start', 'eve')]);
    expect((await counts()).active.sessions).toBe(1);
  });

  it('is taken also when the file changed while the program was starting', async () => {
    await program.stop();
    rmSync(folder.store, { recursive: true });
    const starting = Program.start(folder);
    // By then it has read its configuration.
    while (!existsSync(join(folder.store, 'headcount.lock'))) await setImmediate();
    folder.write('blacklist: [{ directory: LAB }]\n');
    program = await starting;
    await until(
      async () => {
        await post([item('session_stop', 'eve')]);
        return ingest();
      },
      ({ excluded }) => excluded > 0,
      4_000,
    );
  });
});
