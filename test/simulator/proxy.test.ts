import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type RequestOptions, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Proxies, seenSessions, startProxies } from '../../src/simulator/proxy.ts';
import { createSimulation } from '../../src/simulator/simulation.ts';
import { SETTINGS, takeEvents } from './simulation-under-test.ts';

describe('a simulated proxy', () => {
  it('tells who is on at each place, by ids that stay and that no line has', () => {
    const simulation = createSimulation({ ...SETTINGS, layout: 'headcount', virtualProxies: 2 });
    const { site, truth } = simulation;
    const ask = () =>
      site.hosts.flatMap((host) => site.virtualProxies.flatMap((name) => seenSessions(truth, host, name)));
    const events = takeEvents(simulation, 4_000);
    const texts = events.map((event) => simulation.render(event, event.at).text).join('\n');
    for (const event of events.slice(0, 3_990)) truth.apply(event);
    const before = new Map(ask().map((session) => [session.id, session]));
    for (const event of events.slice(3_990)) truth.apply(event);
    const seen = ask();
    expect(seen).toHaveLength(truth.counts().active.sessions);
    expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length);
    expect(seen.filter(({ id }) => texts.includes(id))).toEqual([]);
    const stayed = seen.filter(({ id }) => before.has(id));
    expect(stayed.length).toBeGreaterThan(seen.length / 2);
    expect(stayed).toEqual(stayed.map(({ id }) => before.get(id)));
  });
});

describe('the proxies of a simulated site', () => {
  const simulation = createSimulation({ ...SETTINGS, hosts: 2, virtualProxies: 2 });
  const folder = mkdtempSync(join(tmpdir(), 'headcount-proxies-'));
  let proxies: Proxies;

  beforeAll(async () => {
    for (const event of takeEvents(simulation, 2_000)) simulation.truth.apply(event);
    proxies = await startProxies(simulation, 0, folder, Date.now());
  });

  afterAll(async () => {
    await proxies.close();
    rmSync(folder, { recursive: true });
  });

  const key = 'abcdefghijkl0123';

  /** The answer to one question over TLS. */
  async function ask(path: string, more: RequestOptions = {}, proxy = 0) {
    const file = (name: string) => readFileSync(join(folder, name));
    const sent = request({
      ...{ host: '127.0.0.1', port: proxies.ports[proxy], path, agent: false, servername: 'sense-proxy1' },
      ...{ cert: file('client.pem'), key: file('client_key.pem'), ca: file('root.pem') },
      headers: { 'X-Qlik-Xrfkey': key },
      ...more,
    }).end();
    const [response] = await once(sent, 'response');
    return { status: response.statusCode, body: await text(response) };
  }

  it('say who is on at each place', async () => {
    for (const [n, host] of simulation.site.hosts.entries()) {
      for (const [path, virtualProxy] of [
        ['/qps/session', '/'],
        ['/qps/sales/session', '/sales'],
      ] as const) {
        const { status, body } = await ask(`${path}?Xrfkey=${key}`, {}, n);
        expect(status).toBe(200);
        const rows = JSON.parse(body);
        expect(rows.length).toBeGreaterThan(0);
        expect(rows).toEqual(
          seenSessions(simulation.truth, host, virtualProxy).map(({ id, user }) => ({
            ...{ UserDirectory: user?.directory, UserId: user?.id },
            ...{ UserName: null, Attributes: [], SessionId: id },
          })),
        );
      }
    }
  });

  it('refuse another key in the header, and a virtual proxy that there is not', async () => {
    expect(await ask('/qps/session?Xrfkey=0123456789abcdef')).toMatchObject({ status: 403 });
    expect(await ask('/qps/session')).toMatchObject({ status: 403 });
    expect(await ask(`/qps/hdr/session?Xrfkey=${key}`)).toMatchObject({ status: 404 });
    expect(await ask(`/else?Xrfkey=${key}`)).toMatchObject({ status: 404 });
  });

  it('let nobody in without the certificate of a client, and are known by their names alone', async () => {
    const path = `/qps/session?Xrfkey=${key}`;
    await expect(ask(path, { cert: undefined, key: undefined })).rejects.toThrow();
    await expect(ask(path, { servername: 'elsewhere' })).rejects.toThrow(/altnames/);
  });
});
