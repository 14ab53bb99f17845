import { createSocket } from 'node:dgram';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtPage } from '../../src/api/page/page.ts';
import { Program, ProgramFolder, until } from './program.ts';

interface Ingest {
  readonly received: number;
  readonly accepted: number;
  readonly refused: Record<string, number>;
  readonly inFlight: number;
}
interface Item {
  readonly user: { readonly directory: string | null; readonly id: string } | null;
  readonly host: string;
  readonly at: string;
  readonly originalAt: string | null;
  readonly receivedAt: string;
  readonly message: string | null;
  readonly appId: string | null;
  readonly startedAt: string;
}
interface Items {
  readonly items: readonly Item[];
}

let folder: ProgramFolder;
let program: Program;
beforeAll(async () => {
  folder = new ProgramFolder();
  program = await Program.start(folder);
});
afterAll(async () => {
  const code = await program.stop();
  folder.dispose();
  expect(code).toBe(0);
});

/** One datagram, and what became of it. */
async function send(bytes: Buffer | string): Promise<{ accepted: number; refused: Record<string, number> }> {
  const before = await program.get<Ingest>('/api/v1/ingest');
  const socket = createSocket('udp4');
  await new Promise((sent) => socket.send(bytes, program.udpPort, '127.0.0.1', sent));
  socket.close();
  const after = await until(
    () => program.get<Ingest>('/api/v1/ingest'),
    ({ received, inFlight }) => received > before.received && inFlight === 0,
  );
  const refused = Object.entries(after.refused)
    .map(([reason, n]) => [reason, n - (before.refused[reason] ?? 0)] as const)
    .filter(([, n]) => n > 0);
  return { accepted: after.accepted - before.accepted, refused: Object.fromEntries(refused) };
}

const line = (user: string, { host = 'node1', directory = 'LAB', command = 'Start session' } = {}) =>
  `/qseow-proxy-session/;${host};${command};${directory};${user};Not available;Not available;x`;

const text = async (path: string) => (await fetch(program.api + path)).text();

/** Raw characters that may not stand in an answer unescaped: control characters. */
function expectWellFormed(json: string): void {
  for (const character of json) {
    if (character < ' ' || character === '\u007f')
      throw new Error(`raw ${character.charCodeAt(0)} in ${json}`);
  }
  expect(json.isWellFormed()).toBe(true);
}

describe('a user by UDP who is called', () => {
  it.each([
    ['a tag', '<img src=x onerror=alert(1)>'],
    ['a formula', "=cmd|'/c calc'!A1"],
    ['a prototype', '__proto__'],
    ['constructor', 'constructor'],
    ['something with NUL in it', 'nul\u0000byte'],
    ['something with a newline in it', 'line\nbreak'],
    ['something with CR LF in it', 'line\r\nbreak'],
    ['something that turns the direction of writing', '\u202egnp.exe'],
    ['something with quotes and backslashes', '"\\\\u0000\'`$(x)'],
    ['a character outside the first plane', 'smile 😀'],
    ['a percent sign and an ampersand', '%5C&user=x#'],
    ['as much as a field may hold', 'x'.repeat(1024)],
  ])('%s is shown whole, in sessions and in events', async (_what, user) => {
    expect(await send(line(user))).toEqual({ accepted: 1, refused: {} });
    const query = `user=${encodeURIComponent(`LAB\\${user}`)}`;
    for (const path of [`/api/v1/sessions?${query}`, `/api/v1/events?${query}`]) {
      const json = await text(path);
      expectWellFormed(json);
      const { items } = JSON.parse(json) as Items;
      expect(items.map((item) => item.user)).toEqual([{ directory: 'LAB', id: user }]);
    }
    const { items } = await program.get<Items>('/api/v1/sessions?limit=1');
    expect(items[0]?.user).toEqual({ directory: 'LAB', id: user });
  });

  it('more than a field may hold is refused', async () => {
    expect(await send(line('x'.repeat(60_000)))).toEqual({ accepted: 0, refused: { field_too_long: 1 } });
  });

  it('something in windows-1252 is read as that', async () => {
    const bytes = Buffer.from(line('Jürgen Groß'), 'latin1');
    expect(await send(bytes)).toEqual({ accepted: 1, refused: {} });
    const { items } = await program.get<Items>('/api/v1/sessions?limit=1');
    expect(items[0]?.user?.id).toBe('Jürgen Groß');
  });

  it('something in UTF-16 is refused', async () => {
    expect(await send(Buffer.from(line('anna'), 'utf16le'))).toEqual({ accepted: 0, refused: { utf16: 1 } });
  });
});

describe('hostile names of other things', () => {
  it.each(['__proto__', '<script>alert(1)</script>', 'nul\u0000byte', '\u202egnp', "' OR 1=1 -- DROP TABLE"])(
    'such as %j are shown whole in counts, ingest, sessions and series',
    async (name) => {
      expect((await send(line('anna', { host: name, directory: name }))).accepted).toBe(1);
      const { items } = await program.get<Items>('/api/v1/sessions?limit=1');
      const host = name.toLowerCase();
      expect(items[0]).toMatchObject({ host, user: { directory: name, id: 'anna' } });
      const counts = await program.get<{ hosts: { host: string }[] }>('/api/v1/counts');
      expect(counts.hosts.map((each) => each.host)).toContain(host);
      const ingest = await program.get<{ hosts: { host: string }[] }>('/api/v1/ingest');
      expect(ingest.hosts.map((each) => each.host)).toContain(host);
      const series = await until(
        () =>
          program.get<{ points: { active: number | null }[] }>(
            `/api/v1/series?window=60s&host=${encodeURIComponent(name)}`,
          ),
        ({ points }) => points.at(-1)?.active === 1,
      );
      expect(series.points.length).toBe(60);
      expectWellFormed(await text('/api/v1/counts'));
      expectWellFormed(await text('/api/v1/ingest'));
    },
  );

  it('are no part of the page as it is sent', async () => {
    const response = await fetch(`${program.api}/`);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    const html = await response.text();
    for (const trace of ['<img', 'onerror', '\u0000', '\u202e']) expect(html).not.toContain(trace);
    // Nothing in it depends on what was sent: names come as JSON, and the page's scripts show them as text.
    expect(html).toBe(builtPage().html);
  });

  it('do not break a line of the log', async () => {
    await send('\u0000\n\u202e{"level":60}\n<img src=x>');
    await send('/qseow-proxy-session/;node1;Explode\r\n;LAB;anna;x;y;z');
    // Every line of standard output was JSON, or the program's reader here would have thrown.
    const entry = await until(
      async () => program.log.find(({ sample }) => String(sample).includes('Explode')),
      (found) => found !== undefined,
    );
    expect(String(entry?.['sample'])).toContain('Explode\r\n');
  });

  it('survive a restart', async () => {
    const before = await program.get<Items>('/api/v1/sessions?limit=1000');
    const plain = (items: Items) =>
      items.items.map(({ user, host, startedAt }) => ({ user, host, startedAt }));
    expect(before.items.length).toBeGreaterThan(10);
    await program.end('SIGKILL');
    program = await Program.start(folder);
    expect(plain(await program.get<Items>('/api/v1/sessions?limit=1000'))).toEqual(plain(before));
    for (const user of ['nul\u0000byte', '\u202egnp.exe']) {
      expect((await send(line(user, { command: 'Stop session' }))).accepted).toBe(1);
      const { items } = await program.get<Items>(
        `/api/v1/sessions?active=true&user=${encodeURIComponent(`LAB\\${user}`)}`,
      );
      expect(items).toEqual([]);
    }
  });
});

describe('an event of an impossible time', () => {
  const own = (time: string, row: number) =>
    `/headcount/2;${row};${time};node9;Start session;0;key${row};p;r;Not available;(null);LAB;late${row};Not available;x`;

  async function expectClamped(id: string, originalAt: string, from: number): Promise<void> {
    const { items } = await program.get<Items>(`/api/v1/events?user=${id}`);
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ originalAt, at: items[0]?.receivedAt });
    const at = Date.parse(items[0]?.at ?? '');
    expect(at).toBeGreaterThanOrEqual(from);
    expect(at).toBeLessThanOrEqual(Date.now());
    const { items: sessions } = await program.get<Items>(`/api/v1/sessions?active=true&user=${id}`);
    expect(sessions.map(({ startedAt }) => startedAt)).toEqual([items[0]?.at]);
  }

  it.each([
    ['1970', '1970-01-01T00:00:00.000Z'],
    ['2262', '2262-04-11T23:47:16.854Z'],
    ['9999', '9999-12-31T23:59:59.999Z'],
    ['50', '0050-06-01T12:00:00.000Z'],
  ])('by HTTP, of the year %s, gets the time of its arrival and keeps its own', async (year, at) => {
    const from = Date.now();
    const response = await fetch(`${program.api}/api/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([{ type: 'session_start', user: { directory: 'LAB', id: `http${year}` }, at }]),
    });
    expect(response.status).toBe(202);
    await expectClamped(`http${year}`, at, from);
  });

  it.each([
    [1, '19700101T000000.000+0000', '1970-01-01T00:00:00.000Z'],
    [2, '22620411T234716.854+0000', '2262-04-11T23:47:16.854Z'],
    [3, '99991231T235959.999-1400', null],
    [4, '00010101T000000.000+0000', '0001-01-01T00:00:00.000Z'],
  ])(
    'in a line of our own layout (%i: %s) gets the time of its arrival and keeps its own',
    async (row, time, at) => {
      const from = Date.now();
      expect(await send(own(time, row))).toEqual({ accepted: 1, refused: {} });
      await expectClamped(`late${row}`, at ?? '+010000-01-01T13:59:59.999Z', from);
    },
  );

  it('moves no count out of its window', async () => {
    const { active, created, destroyed } = await program.get<{
      active: { sessions: number };
      created: { last1h: number; total: number };
      destroyed: { total: number };
    }>('/api/v1/counts');
    expect(created.last1h).toBe(created.total);
    expect(created.total - destroyed.total).toBe(active.sessions);
  });
});
