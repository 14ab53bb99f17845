import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { describe, expect, it, vi } from 'vitest';
import { createHttpSender, createTcpSender, createUdpSender } from '../../src/simulator/senders.ts';
import { createSimulation } from '../../src/simulator/simulation.ts';
import { createTestClock, SETTINGS, takeEvents } from './simulation-under-test.ts';

const HOST = '127.0.0.1';
const SIGNAL = new AbortController().signal;

function renderLines(count: number, layout: 'butler-sos' | 'item' = 'butler-sos') {
  const simulation = createSimulation({ ...SETTINGS, layout });
  return takeEvents(simulation, count).map((event) => simulation.render(event, event.at));
}

describe('the UDP sender', () => {
  it('sends one line a datagram, from one port per appender', async () => {
    const receiver = createSocket('udp4').bind(0, HOST);
    await once(receiver, 'listening');
    const received: string[] = [];
    const ports = new Set<number>();
    receiver.on('message', (bytes, { port }) => {
      received.push(bytes.toString());
      ports.add(port);
    });
    const lines = renderLines(150);
    const sender = await createUdpSender({ host: HOST, port: receiver.address().port });
    await sender.send(lines);
    await vi.waitFor(() => expect(received).toHaveLength(lines.length), { timeout: 10_000 });
    expect(received.toSorted()).toEqual(lines.map(({ text }) => text).toSorted());
    expect(ports.size).toBe(new Set(lines.map(({ appender }) => appender)).size);
    await sender.close();
    receiver.close();
  });
});

describe('the TCP sender', () => {
  it('sends frames that end in LF, through one connection and at the pace of a slow reader', async () => {
    const lines = renderLines(20_000);
    const server = createTcpServer({ pauseOnConnect: true }).listen(0, HOST);
    const connected = once(server, 'connection');
    await once(server, 'listening');
    const sender = await createTcpSender({ host: HOST, port: (server.address() as AddressInfo).port });
    const [socket] = await connected;
    const sent = sender.send(lines).then(() => sender.close());
    const received = await readText(socket);
    await sent;
    expect(received).toBe(lines.map(({ text }) => `${text}\n`).join(''));
    server.close();
  });

  it('says so when nothing listens and when the receiver goes away', async () => {
    const server = createTcpServer().listen(0, HOST);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const connected = once(server, 'connection');
    const sender = await createTcpSender({ host: HOST, port });
    const [socket] = await connected;
    socket.destroy();
    await vi.waitFor(() => expect(sender.send(renderLines(1))).rejects.toThrow(/closed|ECONNRESET|EPIPE/));
    await sender.close();
    server.close();
    await once(server, 'close');
    await expect(createTcpSender({ host: HOST, port })).rejects.toThrow('ECONNREFUSED');
  });
});

describe('the HTTP sender', () => {
  async function listen(statuses: number[]) {
    const bodies: string[] = [];
    const requests: string[] = [];
    const server = createHttpServer(async (request, response) => {
      bodies.push(await readText(request));
      requests.push(`${request.method} ${request.url} ${request.headers['content-type']}`);
      response.writeHead(statuses.shift() ?? 202, { 'retry-after': '2', 'content-type': 'application/json' });
      response.end(
        JSON.stringify({ accepted: 0, duplicates: 0, excluded: 0, refused: [{ index: 0, reason: 'x' }] }),
      );
    }).listen(0, HOST);
    await once(server, 'listening');
    return { server, bodies, requests, port: (server.address() as AddressInfo).port };
  }

  it('posts NDJSON items in batches and counts what is refused', async () => {
    const { server, bodies, requests, port } = await listen([]);
    const sender = createHttpSender({ host: HOST, port }, createTestClock(), SIGNAL);
    const lines = renderLines(1200, 'item');
    await sender.send(lines);
    expect(requests).toEqual(Array(3).fill('POST /api/v1/events application/x-ndjson'));
    const items = bodies.flatMap((body) => body.trimEnd().split('\n')).map((line) => JSON.parse(line));
    const events = takeEvents(createSimulation(SETTINGS), 1200);
    expect(items).toEqual(
      events.map(({ kind, user, host, at, sessionKey, ...rest }, n) => {
        const { appId, origin, context, userAgent } = rest;
        const known = Object.entries({ appId, origin, context, userAgent }).filter(
          ([, value]) => value !== null,
        );
        const item = { type: kind, user, host, at: new Date(at).toISOString(), id: `test-${n + 1}` };
        return { ...item, sessionId: sessionKey, ...Object.fromEntries(known) };
      }),
    );
    expect(sender.refused()).toBe(3);
    await sender.close();
    server.close();
  });

  it('offers the same batch again while the receiver is busy', async () => {
    const { server, bodies, port } = await listen([503, 503]);
    const clock = createTestClock();
    const begin = clock.now();
    await createHttpSender({ host: HOST, port }, clock, SIGNAL).send(renderLines(3, 'item'));
    expect(bodies).toHaveLength(3);
    expect(new Set(bodies).size).toBe(1);
    expect(clock.now() - begin).toBe(4000);
    server.close();
  });

  it('says what was answered and when nothing listens', async () => {
    const { server, port } = await listen([404]);
    const sender = createHttpSender({ host: HOST, port }, createTestClock(), SIGNAL);
    await expect(sender.send(renderLines(1, 'item'))).rejects.toThrow('/api/v1/events answered 404');
    server.close();
    server.closeAllConnections();
    await expect(sender.send(renderLines(1, 'item'))).rejects.toThrow(/does not answer: .*ECONNREFUSED/);
  });
});
