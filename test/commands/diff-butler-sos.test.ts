import { createSocket } from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import { registerDiffButlerSos } from '../../src/commands/diff-butler-sos.ts';
import type { Clock } from '../../src/simulator/clock.ts';
import { Program, ProgramFolder } from '../program/program.ts';
import { hasMosquitto, Mosquitto } from '../sinks/mqtt/mosquitto.ts';
import { runCommand } from './command-under-test.ts';

/** Twenty times as fast as the machine's. */
function fastClock(): Clock {
  const began = performance.now();
  return {
    now: () => Date.parse('2026-11-28T10:00:00Z') + (performance.now() - began) * 20,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms / 20)),
  };
}

describe.skipIf(!hasMosquitto)('diff-butler-sos', () => {
  const toStop: (() => unknown)[] = [];
  afterEach(async () => {
    for (const stop of toStop.splice(0).toReversed()) await stop();
  });

  const line = (user: string) =>
    `/qseow-proxy-session/;NODE1;Start session;LAB;${user};Not available;Not available;Start session for user 'LAB\\${user}'.`;
  /** As Butler SOS publishes it. */
  const message = (user: string) => {
    const [type = '', host, command, userDir, userId, origin, context, text] = line(user).split(';');
    const messageType = type.replaceAll('/', '');
    return JSON.stringify({
      messageType,
      host,
      command,
      userDir,
      userId,
      origin,
      context,
      message: text,
      tags: {},
    });
  };

  it('says what is missing at which of both, and why', async () => {
    const broker = await Mosquitto.start();
    toStop.push(() => broker.dispose());
    const folder = new ProgramFolder('blacklist: [ { directory: LAB, userId: "svc*" } ]\n');
    toStop.push(() => folder.dispose());
    const program = await Program.start(folder);
    toStop.push(() => program.stop());
    const theirs = join(folder.path, 'production.yaml');
    writeFileSync(
      theirs,
      `Butler-SOS:
  mqttConfig: { brokerHost: 127.0.0.1, brokerPort: ${broker.port} }
  userEvents:
    excludeUser: [ { directory: LAB, userId: dora } ]
    sendToMQTT: { postTo: { everythingTopic: { enable: true, topic: sos/all } } }
`,
    );
    const butlerSos = await connectAsync(broker.url);
    toStop.push(() => butlerSos.endAsync(true));
    const register: Parameters<typeof runCommand>[0] = (commands, io) =>
      registerDiffButlerSos(commands, io, fastClock());
    const compared = runCommand(
      register,
      [
        'diff-butler-sos',
        '--theirs',
        theirs,
        '--config',
        folder.config,
        '--api',
        program.api,
        '--for',
        '40s',
        '--json',
      ],
      folder.path,
    );
    // Behind the edge.
    await new Promise((resolve) => setTimeout(resolve, 700));
    const socket = createSocket('udp4');
    for (const user of ['anna', 'bert', 'carl', 'dora', 'svc1'])
      socket.send(line(user), program.udpPort, '127.0.0.1');
    for (const user of ['anna', 'bert', 'svc1', 'emil'])
      await butlerSos.publishAsync('sos/all', message(user));
    const { stdout, stderr, exitCode } = await compared;
    socket.close();
    expect(stderr).toContain('watching sos/all');
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      ...{ ours: 4, theirs: 4, both: 2, undecided: 0 },
      missingThere: expect.arrayContaining([
        { cause: 'lost', count: 1, samples: [expect.stringContaining('LAB\\carl on node1')] },
        { cause: 'excluded', count: 1, samples: [expect.stringContaining('LAB\\dora on node1')] },
      ]),
      missingHere: expect.arrayContaining([
        { cause: 'excluded', count: 1, samples: [expect.stringContaining('LAB\\svc1 on node1')] },
        { cause: 'lost', count: 1, samples: [expect.stringContaining('LAB\\emil on node1')] },
      ]),
      hosts: { node1: { ours: 4, theirs: 4, both: 2 } },
    });
    expect(exitCode).toBe(1);
  });

  it('says in one line whom it cannot reach', async () => {
    const register: Parameters<typeof runCommand>[0] = (commands, io) =>
      registerDiffButlerSos(commands, io, fastClock());
    const run = (...argv: string[]) => runCommand(register, ['diff-butler-sos', ...argv]);
    await expect(run('--broker', 'mqtt://127.0.0.1:1')).rejects.toThrow('mqtt://127.0.0.1:1: ');
    const broker = await Mosquitto.start();
    toStop.push(() => broker.dispose());
    const away = run('--broker', broker.url, '--api', 'http://127.0.0.1:1');
    await expect(away).rejects.toThrow(/^http:\/\/127\.0\.0\.1:1: /);
  });
});
