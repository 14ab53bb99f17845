import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Program, ProgramFolder, until } from '../program/program.ts';
import { SmallDisk } from '../program/small-disk.ts';
import { hasNats, NatsServers } from './nats-servers.ts';
import { SilentProxy } from './silent-proxy.ts';

const disposals: (() => unknown)[] = [];
afterEach(async () => {
  for (const dispose of disposals.splice(0).reverse()) await dispose();
});

async function run(extra: string, receivers = ''): Promise<Program> {
  const folder = new ProgramFolder(extra, receivers);
  disposals.push(() => folder.dispose());
  const program = await Program.start(folder);
  disposals.push(() => program.end('SIGKILL'));
  return program;
}

async function serversOf(...[count, settings, login, through]: Parameters<typeof NatsServers.start>) {
  const servers = await NatsServers.start(count, settings, login, through);
  disposals.push(() => servers.dispose());
  return servers;
}

const list = (urls: readonly string[]) => `[${urls.map((url) => `"${url}"`).join(', ')}]`;
const edgeOf = (urls: readonly string[], more = '') =>
  run(
    `site: berlin\nsinks:\n  - { type: nats, servers: ${list(urls)}, interval: 20ms, partitions: 2, maxSize: 100MB${more} }\n`,
  );
const centreOf = (urls: readonly string[]) => run('', `  - { type: nats, servers: ${list(urls)} }\n`);

let users = 0;
async function post(program: Program, count: number, note = ''): Promise<void> {
  const items = Array.from({ length: count }, () => {
    users += 1;
    const user = { directory: 'LAB', id: `user${users}` };
    return { type: 'session_start', host: 'node1', id: `n${users}`, user, context: note };
  });
  const answer = await fetch(`${program.api}/api/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(items),
  });
  expect(answer.status).toBe(202);
}

interface Counts {
  readonly reasons: readonly string[];
  readonly active: { readonly sessions: number };
  readonly created: { readonly total: number };
}
const counts = (program: Program) => program.get<Counts>('/api/v1/counts');
/** Each once. */
async function hasSessions(program: Program, sessions: number): Promise<void> {
  const { created } = await until(
    () => counts(program),
    ({ active }) => active.sessions === sessions,
    90_000,
  );
  expect(created.total).toBe(sessions);
}
const saysWhy = (program: Program, isThere: boolean, ...reasons: readonly string[]) =>
  until(
    () => counts(program),
    (found) => reasons.every((reason) => found.reasons.includes(reason) === isThere),
    90_000,
  );

interface Ingest {
  readonly sinks: readonly { readonly pending: number; readonly lastError: string | null }[];
}
const sinkOf = async (program: Program) => (await program.get<Ingest>('/api/v1/ingest')).sinks[0];

describe.skipIf(!hasNats)('events of a site arrive, each once,', () => {
  it('when the server that leads the stream is killed or answers nothing any more, and when too few servers are left', async () => {
    const servers = await serversOf(3);
    const edge = await edgeOf(servers.urls, ', replicas: 3');
    await post(edge, 20);
    const centre = await centreOf(servers.urls);
    await hasSessions(centre, 20);
    const killed = await servers.leaderOf('headcount');
    await servers.kill(killed);
    await post(edge, 20);
    // The others have agreed on another leader.
    await hasSessions(centre, 40);
    servers.begin(killed);
    await servers.ready();
    const frozen = await servers.leaderOf('headcount');
    servers.freeze(frozen);
    await post(edge, 20);
    await hasSessions(centre, 60);
    const other = (frozen + 1) % 3;
    await servers.kill(other);
    await post(edge, 20);
    const waiting = await until(
      () => sinkOf(edge),
      (sink) => sink?.pending === 20 && sink.lastError !== null,
      20_000,
    );
    expect(waiting?.lastError).not.toBe('');
    // Whoever is connected to the one that is left is heard of by it, without the stream.
    await until(
      () => counts(centre),
      ({ reasons }) => reasons.includes('site_silent') || reasons.includes('lagging'),
      90_000,
    );
    servers.thaw(frozen);
    servers.begin(other);
    await hasSessions(centre, 80);
    await saysWhy(centre, false, 'site_silent', 'lagging');
  }, 300_000);

  it('after the network between here and there was silent, and counts say meanwhile that nothing is heard', async () => {
    const servers = await serversOf();
    const [url = ''] = servers.urls;
    const proxies = [
      await SilentProxy.before(Number(new URL(url).port)),
      await SilentProxy.before(Number(new URL(url).port)),
    ];
    disposals.push(...proxies.map((proxy) => () => proxy.close()));
    const [ofEdge, ofCentre] = proxies as [SilentProxy, SilentProxy];
    const edge = await edgeOf([ofEdge.url]);
    await post(edge, 20);
    const centre = await centreOf([ofCentre.url]);
    await hasSessions(centre, 20);
    await saysWhy(centre, false, 'site_silent');
    ofCentre.goSilent();
    await post(edge, 20);
    await saysWhy(centre, true, 'site_silent');
    ofCentre.heal();
    await hasSessions(centre, 40);
    await saysWhy(centre, false, 'site_silent');
    ofEdge.goSilent();
    await post(edge, 20);
    await saysWhy(centre, true, 'site_silent');
    ofEdge.heal();
    await hasSessions(centre, 60);
    await saysWhy(centre, false, 'site_silent', 'lagging');
  }, 300_000);
});

const hasSmallDisk = SmallDisk.isPossible();
if (!hasSmallDisk) process.stderr.write('skipped: no small disk (unshare, mount, nsenter) on this machine\n');

describe.skipIf(!hasNats || !hasSmallDisk)('events of a site wait', () => {
  it('while the disk of the server is full, and arrive when it has room', async () => {
    const place = mkdtempSync(join(tmpdir(), 'headcount-nats-disk-'));
    disposals.push(() => rmSync(place, { recursive: true, force: true }));
    const disk = await SmallDisk.mount(place, '24m');
    disposals.push(() => disk.dispose());
    const store = `jetstream { store_dir: "${place}", max_file_store: 1G, sync_interval: always }`;
    const servers = await serversOf(1, store, {}, disk.through);
    const edge = await edgeOf(servers.urls);
    await post(edge, 20);
    const centre = await centreOf(servers.urls);
    await hasSessions(centre, 20);
    disk.fill();
    await post(edge, 200, 'x'.repeat(2_000));
    await until(
      () => sinkOf(edge),
      (sink) => sink?.lastError !== null && sink?.pending === 200,
      30_000,
    );
    disk.free();
    await servers.kill(0);
    servers.begin(0);
    await hasSessions(centre, 220);
  }, 120_000);
});
