import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordingLog, until } from '../receivers-under-test.ts';
import { openSender, startReceiver } from './under-test.ts';

const threads: Worker[] = [];
const onWorker = (worker: Worker): void => void threads.push(worker);
beforeEach(() => void process.on('worker', onWorker));
afterEach(() => {
  process.off('worker', onWorker);
  threads.splice(0);
});

describe('a UDP receiver whose thread has died', () => {
  it('says so, counts it, and hears again on the same port', async () => {
    const { log, lines } = recordingLog();
    const { receiver, intake, port } = await startReceiver({ host: '127.0.0.1' }, log);
    const sender = await openSender('udp4');
    sender.send('before', port, '127.0.0.1');
    await until(() => intake.messages.length === 1);
    await threads[0]?.terminate();
    await until(() => receiver.stats().listening?.length === 1);
    expect(receiver.stats()).toMatchObject({
      listening: [`127.0.0.1:${port}`],
      threadDeaths: 1,
      received: 1,
    });
    sender.send('after', port, '127.0.0.1');
    await until(() => intake.messages.length === 2);
    const [before, after] = intake.messages;
    expect([before?.text, after?.text]).toEqual(['before', 'after']);
    expect(after?.sender).toEqual(before?.sender);
    expect(lines.map(({ message }) => message)).toEqual([
      'the thread that reads udp has died, a new one is started',
    ]);
  });

  it('hands over what it had read, and can be stopped', async () => {
    const { receiver, intake, port } = await startReceiver({ host: '127.0.0.1' });
    const sender = await openSender('udp4');
    for (let n = 0; n < 100; n += 1) sender.send(`line ${n}`, port, '127.0.0.1');
    await until(() => intake.messages.length > 0);
    const dead = threads[0]?.terminate();
    await receiver.stop();
    await dead;
    expect(receiver.stats()).toMatchObject({ listening: [], received: intake.messages.length });
  });
});
