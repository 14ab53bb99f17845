import { createSocket } from 'node:dgram';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { journalFile } from '../../src/journal/journal-file.ts';
import { row, StandInQps, senseFile } from '../receivers/qps/stand-in.ts';
import { hasMosquitto, Mosquitto } from '../sinks/mqtt/mosquitto.ts';
import { Subscriber } from '../sinks/mqtt/subscriber.ts';
import { Program, ProgramFolder } from './program.ts';

const line = (user: string) =>
  `/qseow-proxy-session/;SENSE1.acme.com;Start session;LAB;${user};Not available;Not available;Start session for user 'LAB\\${user}'.`;

describe.skipIf(!hasMosquitto)('the program with a broker', () => {
  const toStop: (() => unknown)[] = [];
  afterEach(async () => {
    for (const stop of toStop.splice(0).toReversed()) await stop();
  });

  it('sends what lines and polls say in their own words, and keeps none of those words', async () => {
    const broker = await Mosquitto.start();
    toStop.push(() => broker.dispose());
    const subscriber = await Subscriber.of(broker.url);
    toStop.push(() => subscriber.close());
    const standIn = await StandInQps.start();
    toStop.push(() => standIn.stop());
    const rows = [row('anna', 's1', { UserName: null }), row('bert', 's2')];
    standIn.sessions.set('', rows);
    const [cert, key, ca] = ['client', 'client_key', 'root'].map((name) => JSON.stringify(senseFile(name)));
    const folder = new ProgramFolder(
      `blacklist: [ { directory: LAB, userId: bert } ]
sinks: [ { type: mqtt, url: "${broker.url}", interval: 10ms, tags: { qs_env: test } } ]
`,
      `  - type: qps
    interval: 10s
    certificates: { cert: ${cert}, key: ${key}, ca: ${ca} }
    servers: [ { host: 127.0.0.1, port: ${standIn.port}, servername: sense1, node: sense1, virtualProxies: [ / ] } ]
`,
    );
    toStop.push(() => folder.dispose());
    const program = await Program.start(folder);
    toStop.push(() => program.stop());
    const socket = createSocket('udp4');
    for (const user of ['anna', 'bert', 'carl']) socket.send(line(user), program.udpPort, '127.0.0.1');
    await expect.poll(() => subscriber.payloads('qliksense/userevent')).toHaveLength(2);
    socket.close();
    expect(subscriber.payloads('qliksense/userevent/session/start')).toMatchObject([
      {
        ...{ messageType: 'qseow-proxy-session', host: 'SENSE1.acme.com', userDir: 'LAB', userId: 'anna' },
        ...{ origin: 'Not available', context: 'Not available', tags: { qs_env: 'test' } },
        message: "Start session for user 'LAB\\anna'.",
      },
      { userId: 'carl' },
    ]);
    // Whom the blacklist names is in answers of polls, and nowhere else.
    const polled = () => subscriber.texts('butler-sos/127.0.0.1/usersession/');
    await expect.poll(polled).toContain(JSON.stringify(rows, null, 2));
    await expect.poll(() => subscriber.payloads('headcount/counts').at(-1)).toMatchObject({ sessions: 2 });
    const others = subscriber.received.filter(({ topic }) => !topic.includes('usersession'));
    expect(JSON.stringify(others)).not.toContain('bert');

    const database = new DatabaseSync(journalFile(folder.store), { readOnly: true });
    const kept = () => [
      ...database.prepare('SELECT words FROM event_lines WHERE words IS NOT NULL').all(),
      ...database.prepare('SELECT answer FROM unfiltered_polls WHERE answer IS NOT NULL').all(),
    ];
    await expect.poll(kept).toEqual([]);
    database.close();
    expect(await program.stop()).toBe(0);
    await expect.poll(() => subscriber.texts('headcount/status')).toEqual(['online', 'offline']);
  });
});
