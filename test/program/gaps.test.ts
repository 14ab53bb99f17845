import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Line, longIsoDate } from '../../src/simulator/line.ts';
import { createRandom } from '../../src/simulator/random.ts';
import { createUdpSender, type Sender } from '../../src/simulator/senders.ts';
import { createSimulation } from '../../src/simulator/simulation.ts';
import { SETTINGS, takeEvents } from '../simulator/simulation-under-test.ts';
import { Program, ProgramFolder, until } from './program.ts';

const LINES = 6_000;
/** Fewer than the smallest receive buffer holds. */
const BURST = 100;

interface Ingest {
  readonly received: number;
  readonly inFlight: number;
  readonly rowsMissing: number;
  readonly hosts: readonly { readonly host: string; readonly rowsMissing: number | null }[];
}

let folder: ProgramFolder;
let program: Program;
let sender: Sender;
let sent: number;
beforeEach(async () => {
  folder = new ProgramFolder();
  program = await Program.start(folder);
  sender = await createUdpSender({ host: '127.0.0.1', port: program.udpPort });
  sent = 0;
});
afterEach(async () => {
  await sender.close();
  await program.end('SIGKILL');
  folder.dispose();
});

const ingest = () => program.get<Ingest>('/api/v1/ingest');

/** As fast as the program reads, so that nothing is lost but what a test loses. */
async function send(lines: readonly Line[]): Promise<void> {
  for (let from = 0; from < lines.length; from += BURST) {
    const burst = lines.slice(from, from + BURST);
    await sender.send(burst);
    sent += burst.length;
    await until(ingest, ({ received, inFlight }) => received === sent && inFlight === 0);
  }
}

/** A site of three nodes that numbers its lines, a millisecond each. */
function numberedLines(): Line[] {
  const simulation = createSimulation({ ...SETTINGS, layout: 'headcount' });
  const begin = Date.now() - LINES;
  return takeEvents(simulation, LINES).map((event, n) => simulation.render(event, begin + n));
}

/** The first and the last line of each appender: nobody can know of what was lost before or after them. */
function edgesOf(lines: readonly Line[]): Set<Line> {
  const first = new Map(lines.toReversed().map((line) => [line.appender, line]));
  const last = new Map(lines.map((line) => [line.appender, line]));
  return new Set([...first.values(), ...last.values()]);
}

const isDecided = ({ rowsMissing }: Ingest, expected: number) => rowsMissing >= expected;

describe('lines of the own layout', () => {
  it('that are lost on the way are counted, each host its own, exactly', async () => {
    const random = createRandom(11);
    const lines = numberedLines();
    const edges = edgesOf(lines);
    const lost = new Set(lines.filter((line) => random() < 0.01 && !edges.has(line)));
    await send(lines.filter((line) => !lost.has(line)));
    const byHost = new Map(lines.map(({ appender }) => [appender, 0]));
    for (const { appender } of lost) byHost.set(appender, (byHost.get(appender) ?? 0) + 1);
    const total = lost.size;
    expect(total).toBeGreaterThan(30);
    const { hosts, rowsMissing } = await until(ingest, (now) => isDecided(now, total));
    expect(rowsMissing).toBe(total);
    expect(new Map(hosts.map(({ host, rowsMissing }) => [host, rowsMissing]))).toEqual(byHost);
    expect(await program.get('/api/v1/counts')).toMatchObject({ reasons: ['warming_up', 'gap'] });
  });

  it('that are shuffled and doubled are not lost', async () => {
    const random = createRandom(12);
    const lines = numberedLines().slice(0, 2_000);
    const disordered = lines
      .flatMap((line, place) =>
        random() < 0.1
          ? [
              { line, place },
              { line, place },
            ]
          : [{ line, place }],
      )
      .map(({ line, place }) => ({ line, at: place + random() * 40 }))
      .sort((a, b) => a.at - b.at);
    // What is lost for certain shows that the others had their time.
    const [last] = lines.slice(-1) as [Line];
    await send(disordered.map(({ line }) => line));
    const later = last.text.replace(/;\d+;/, (row) => `;${Number(row.slice(1, -1)) + 2};`);
    await send([{ ...last, text: later }]);
    const { rowsMissing } = await until(ingest, (now) => isDecided(now, 1));
    expect(rowsMissing).toBe(1);
  });
});

/** A line of `node1` with this number, written now. */
function numbered(row: number): string {
  return `/headcount/2;${row};${longIsoDate(Date.now(), 0)};node1;Start session;0;(null);p;r;x;(null);LAB;u${row};x;x`;
}

const from = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, n) => first + n);

describe('lines that were sent', () => {
  it('while a killed Headcount did not run are missing, and no others', async () => {
    const node = createSocket('udp4');
    const says = async (first: number, last: number) => {
      for (const row of from(first, last)) node.send(numbered(row), program.udpPort, '127.0.0.1');
      await until(ingest, ({ received, inFlight }) => received === last - first + 1 && inFlight === 0);
    };
    await says(1, 50);
    await program.end('SIGKILL');
    program = await Program.start(folder);
    await says(61, 100);
    const { rowsMissing, hosts } = await until(ingest, (now) => isDecided(now, 1));
    expect([rowsMissing, hosts[0]?.rowsMissing]).toEqual([10, 10]);
    node.close();
  });

  it('through a relay that connects anew are known to be of the same node', async () => {
    let sent = 0;
    const relays = async (rows: readonly number[]) => {
      const relay = connect(program.tcpPort, '127.0.0.1');
      relay.end(rows.map((row) => `${numbered(row)}\n`).join(''));
      sent += rows.length;
      await until(ingest, ({ received, inFlight }) => received === sent && inFlight === 0);
    };
    await relays(from(1, 5));
    await relays(from(6, 9));
    await relays(from(12, 14));
    expect((await until(ingest, (now) => isDecided(now, 1))).rowsMissing).toBe(2);
  });
});

describe.skipIf(process.platform !== 'linux')('datagrams that the kernel dropped right before a stop', () => {
  it('are a reason for estimates after the restart', async () => {
    const burst = Array.from({ length: 20_000 }, () => ({ appender: 'node1', text: 'x'.repeat(600) }));
    program.child.kill('SIGSTOP');
    await sender.send(burst);
    const stopped = program.stop();
    program.child.kill('SIGCONT');
    expect(await stopped).toBe(0);
    program = await Program.start(folder);
    const { reasons } = await program.get<{ reasons: string[] }>('/api/v1/counts');
    expect(reasons).toEqual(['warming_up', 'downtime', 'drops']);
  });
});
