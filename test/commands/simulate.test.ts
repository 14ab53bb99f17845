import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { registerDemo } from '../../src/commands/demo.ts';
import { registerSimulate } from '../../src/commands/simulate.ts';
import { runCommand } from './command-under-test.ts';

async function bindUdp() {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const received: string[] = [];
  socket.on('message', (bytes) => received.push(bytes.toString()));
  return { socket, received, port: String(socket.address().port) };
}

/** The first of so many ports in a row that were free a moment ago. */
async function freePorts(count: number): Promise<number> {
  for (let tries = 0; ; tries += 1) {
    const servers: Server[] = [];
    const listen = async (port: number) => {
      const server = createTcpServer().listen(port, '127.0.0.1');
      servers.push(server);
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    };
    try {
      const first = await listen(0);
      for (let n = 1; n < count; n += 1) await listen(first + n);
      return first;
    } catch (error) {
      if (tries > 20) throw error;
    } finally {
      for (const server of servers) server.close();
    }
  }
}

describe('headcount simulate', () => {
  it('sends exactly what it says it sent and writes the truth', async () => {
    const { socket, received, port } = await bindUdp();
    const folder = mkdtempSync(join(tmpdir(), 'headcount-simulate-'));
    const faults = ['--loss', '10', '--duplicate', '5%', '--reorder', '5', '--reorder-delay', '20ms'];
    const bounds = ['--rate', '600', '--count', '800', '--truth', 'truth.jsonl'];
    const { stdout } = await runCommand(
      registerSimulate,
      ['simulate', '--port', port, ...bounds, ...faults],
      folder,
    );
    const report = JSON.parse(stdout);
    await vi.waitFor(() => expect(received).toHaveLength(report.sent), { timeout: 10_000 });
    expect(report.events).toBe(800);
    expect(report.seconds).toBe(Math.round(report.seconds * 1000) / 1000);
    expect(report.sent).toBe(800 - report.lost + report.duplicated);
    expect(report.truth).toMatchObject({
      active: {},
      created: {},
      destroyed: {},
      abandoned: {},
      perHost: {},
    });
    const seconds = readFileSync(join(folder, 'truth.jsonl'), 'utf8').trimEnd().split('\n');
    expect(seconds.map((line) => JSON.parse(line).truth.created > 0)).toContain(true);
    rmSync(folder, { recursive: true });
    socket.close();
  });

  it('sets what Headcount says beside the truth, counting from the start of the run', async () => {
    const { socket, port } = await bindUdp();
    let [created, asked] = [1000, 0];
    const hosts = [{ host: 'sense-proxy1', sessions: 3, users: 3, connections: 3 }];
    const server = createServer((_request, response) => {
      asked += 1;
      if (asked > 1) created = 1007;
      const active = { sessions: 1, users: 2, connections: 3, connectedUsers: 4 };
      response.end(JSON.stringify({ active, created: { total: created }, destroyed: { total: 50 }, hosts }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const bounds = ['--rate', '500', '--count', '100', '--compare', url];
    const { stdout, stderr } = await runCommand(registerSimulate, ['simulate', '--port', port, ...bounds]);
    const { truth, comparison } = JSON.parse(stdout);
    expect(asked).toBeGreaterThan(2);
    expect(comparison).toContainEqual({
      name: 'created',
      truth: truth.created,
      headcount: 7,
      difference: 7 - truth.created,
    });
    expect(comparison).toContainEqual({
      name: 'active.sessions',
      truth: truth.active.sessions,
      headcount: 1,
      difference: 1 - truth.active.sessions,
    });
    expect(comparison.map(({ name }: { name: string }) => name)).toContain('sense-proxy2.connections');
    expect(stderr).toContain('difference');
    server.close();
    socket.close();
  });

  it('shows a token where it is asked for one: that of --token, else of the file, else of the environment', async () => {
    const [wanted, other] = ['both-0123456789abcdef', 'other-0123456789abcdef'];
    const shown = new Set<string>();
    const server = createServer((request, response) => {
      shown.add(`${request.method} ${request.headers.authorization}`);
      request.resume();
      const isKnown = request.headers.authorization === `Bearer ${wanted}`;
      response.writeHead(isKnown ? (request.method === 'POST' ? 202 : 200) : 401);
      const active = { sessions: 0, users: 0, connections: 0, connectedUsers: 0 };
      const counts = { active, created: { total: 0 }, destroyed: { total: 0 }, hosts: [] };
      response.end(JSON.stringify({ ...counts, refused: [] }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const port = String((server.address() as AddressInfo).port);
    const compare = ['--compare', `http://127.0.0.1:${port}`];
    const simulate = (token: readonly string[], environment: Record<string, string>) => {
      const http = ['simulate', '--transport', 'http', '--port', port, '--rate', '500', '--count', '5'];
      return runCommand(registerSimulate, [...http, ...compare, ...token], '.', environment);
    };
    const { stdout, stderr } = await simulate([], { HEADCOUNT_TOKEN: wanted });
    expect([...shown]).toEqual([`GET Bearer ${wanted}`, `POST Bearer ${wanted}`]);
    expect(stdout + stderr).not.toContain(wanted);
    await simulate(['--token', wanted], { HEADCOUNT_TOKEN: other });
    const folder = mkdtempSync(join(tmpdir(), 'headcount-simulate-'));
    writeFileSync(join(folder, 'token'), `${wanted}\n`);
    await simulate(['--token-file', join(folder, 'token')], { HEADCOUNT_TOKEN: other });
    rmSync(folder, { recursive: true });
    await expect(simulate([], { HEADCOUNT_TOKEN: other })).rejects.toThrow(`:${port} answered 401`);
    shown.clear();
    await expect(simulate([], { HEADCOUNT_TOKEN: '' })).rejects.toThrow('answered 401');
    expect([...shown]).toEqual(['GET undefined']);
    server.close();
  });

  it.each([
    [
      403,
      '{"statusCode":403,"message":"no scope"}',
      /answered 403: --compare needs .*scope read.*\[read, ingest\]$/,
    ],
    [401, '{}', /answered 401: --compare needs a token/],
    [404, '<html>\n<p>no such\n page', /answered 404: <html> <p>no such page$/],
    [200, '<html>\n<p>hello', /:\d+ is not the API of Headcount, it answered: <html> <p>hello$/],
    [200, '{"active":{}}', /is not the API of Headcount/],
  ])('sends nothing where the API to compare with answers %i %j', async (status, body, message) => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
      response.writeHead(status).end(body);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const port = String((server.address() as AddressInfo).port);
    const http = ['simulate', '--transport', 'http', '--port', port, '--rate', '500', '--count', '5'];
    const compare = ['--compare', `http://127.0.0.1:${port}`, '--token', 'ingest-0123456789'];
    await expect(runCommand(registerSimulate, [...http, ...compare])).rejects.toThrow(message);
    expect(asked).toEqual(['GET /api/v1/counts Bearer ingest-0123456789']);
    server.close();
  });

  it('takes a site with virtual proxies apart: a crash, a wrong clock, and a time in which nobody listens', async () => {
    const { socket, port } = await bindUdp();
    const site = ['--layout', 'headcount', '--hosts', '2', '--virtual-proxies', '2', '--loss-burst', '3'];
    const troubles = ['--crash', '400ms', '--away', '200ms,100ms', '--clock-offset', '-2400'];
    const { stdout } = await runCommand(registerSimulate, [
      ...['simulate', '--port', port, '--rate', '400', '--duration', '800ms'],
      ...site,
      ...troubles,
    ]);
    const report = JSON.parse(stdout);
    expect(Object.keys(report.truth.perVirtualProxy)).toEqual(['/', '/sales']);
    expect(Math.min(report.lost, report.truth.crashed)).toBeGreaterThan(0);
    socket.close();
  });

  it('answers as the proxies, and says how to ask them', async () => {
    const { socket, port } = await bindUdp();
    const folder = mkdtempSync(join(tmpdir(), 'headcount-simulate-'));
    const qps = String(await freePorts(2));
    const site = ['--hosts', '2', '--virtual-proxies', '2', '--count', '20', '--rate', '200'];
    const { stderr } = await runCommand(
      registerSimulate,
      ['simulate', '--port', port, ...site, '--qps', qps, '--qps-certificates', 'sense'],
      folder,
    );
    const [receiver] = parse(stderr.slice(stderr.indexOf('  - type: qps')).split('\n\n')[0] ?? '');
    const file = (name: string) => join(folder, 'sense', name);
    const virtualProxies = ['/', '/sales'];
    const server = (n: number) => {
      const name = `sense-proxy${n + 1}`;
      return { host: '127.0.0.1', port: Number(qps) + n, servername: name, node: name, virtualProxies };
    };
    expect(receiver).toEqual({
      type: 'qps',
      certificates: { cert: file('client.pem'), key: file('client_key.pem'), ca: file('root.pem') },
      servers: [server(0), server(1)],
    });
    expect(readdirSync(join(folder, 'sense')).sort()).toEqual(['client.pem', 'client_key.pem', 'root.pem']);
    rmSync(folder, { recursive: true });
    socket.close();
  });

  it.each(['2m', '2m,', '2m,1m,1m', 'x,1m'])('refuses %s as a time to be away', async (away) => {
    const refused = runCommand(registerSimulate, ['simulate', '--away', away]);
    await expect(refused).rejects.toThrow(
      'Expected two durations such as 2m,30s: from when on, and for how long.',
    );
  });

  it('takes the old spelling of the layout of Butler SOS, which is the default', async () => {
    for (const layout of [[], ['--layout', 'peer'], ['--layout', 'butler-sos']]) {
      const { socket, received, port } = await bindUdp();
      await runCommand(registerSimulate, [
        'simulate',
        '--port',
        port,
        '--count',
        '1',
        '--rate',
        '100',
        ...layout,
      ]);
      await vi.waitFor(() => expect(received).toHaveLength(1));
      expect(received[0]).toMatch(/^\/qseow-proxy-session\/;/);
      socket.close();
    }
  });

  it('says in its help what it does, with examples', () => {
    const program = new Command();
    const io = { stdout() {}, async print() {}, stderr() {}, setExitCode() {}, env: {}, cwd: '.' };
    const rest = {
      terminal: false,
      stderrColumns: () => null,
      onReload: () => () => {},
      signal: new AbortController().signal,
    };
    registerSimulate(program, { ...io, ...rest });
    const [command] = program.commands;
    let help = '';
    command?.configureOutput({
      writeOut: (text) => {
        help += text;
      },
    });
    command?.outputHelp();
    expect(help).toContain('--reorder-delay');
    expect(help).toContain('one token with both scopes: [read, ingest]');
    expect(help).toContain('headcount simulate --rate 5000 --duration 30s');
  });

  it.each([
    ['--loss', '101'],
    ['--duration', '10'],
    ['--count', '0'],
    ['--host', '10.0.0.256'],
    ['--layout', 'item'],
    ['--compare', 'localhost:9999'],
  ])('refuses %s %s', async (...option) => {
    const error = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    await expect(runCommand(registerSimulate, ['simulate', ...option])).rejects.toThrow(option[0]);
    error.mockRestore();
  });
});

describe('headcount demo', () => {
  it('opens sixty sessions at once, says where to look and stops everything on Ctrl-C', async () => {
    const { socket, received, port } = await bindUdp();
    const stop = new AbortController();
    const program = new Command().exitOverride();
    let [stdout, stopped] = ['', 0];
    const io = {
      stdout: (text: string) => {
        stdout += text;
      },
      ...{ async print() {}, stderr() {}, setExitCode() {}, env: {}, cwd: '.', signal: stop.signal },
      ...{ terminal: false, stderrColumns: () => null, onReload: () => () => {} },
    };
    registerDemo(program, io, async ({ configPath }) => {
      expect(configPath).toBeNull();
      const apiUrl = 'http://127.0.0.1:9999';
      return {
        udp: { host: '0.0.0.0', port: Number(port) },
        apiUrl,
        async stop() {
          stopped += 1;
        },
      };
    });
    const running = program.parseAsync(['demo'], { from: 'user' });
    const starts = () => received.filter((line) => line.includes(';Start session;')).length;
    await vi.waitFor(() => expect(starts()).toBeGreaterThanOrEqual(60), { timeout: 10_000 });
    stop.abort();
    await running;
    expect(stdout).toContain('http://127.0.0.1:9999/api/v1/counts');
    expect(stopped).toBe(1);
    socket.close();
  });
});
