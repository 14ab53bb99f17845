import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { UdpReceiver } from '../../../receivers/udp/udp.ts';
import { ON_LINUX, recordingLog, until } from '../receivers-under-test.ts';
import { startReceiver } from './under-test.ts';

const RMEM_MAX = ON_LINUX ? Number(readFileSync('/proc/sys/net/core/rmem_max', 'utf8')) : 0;
const MIB = 1_048_576;

/** Another program sends while this thread does nothing else: back to back, or so many each millisecond. */
function sendWhileBlocked(port: number, count: number, perMillisecond = 1e9): void {
  const script = `
    const socket = require('node:dgram').createSocket('udp4');
    const line = Buffer.alloc(330, 'x');
    const startedAt = performance.now();
    let [sent, due] = [0, 0];
    const tick = () => {
      // Who was held up does not catch up in one burst: that is another test.
      due = Math.min((performance.now() - startedAt) * ${perMillisecond}, sent + 4 * ${perMillisecond});
      next();
    };
    const next = (error) => {
      if (error) throw error;
      if (sent === ${count}) return socket.close();
      if (sent >= due) return setTimeout(tick, 1);
      sent += 1;
      socket.send(line, ${port}, '127.0.0.1', next);
    };
    setTimeout(tick, 1);`;
  const { status, stderr } = spawnSync(process.execPath, ['-e', script], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
}

function accountedFor(receiver: UdpReceiver): number {
  const { received, kernelDropped, ringDropped = 0 } = receiver.stats();
  return received + (kernelDropped ?? 0) + ringDropped;
}

describe('the receive buffer', () => {
  it.skipIf(!ON_LINUX)('is what was configured, as far as this kernel grants it (Linux only)', async () => {
    const { receiver } = await startReceiver({ receiveBuffer: '4MiB' });
    expect(receiver.stats()).toMatchObject({
      receiveBufferBytes: Math.min(4 * MIB, RMEM_MAX),
      receiveBufferClamped: RMEM_MAX < 4 * MIB,
    });
  });

  it.skipIf(!ON_LINUX || RMEM_MAX >= 1024 * MIB)(
    'warns with the remedy where the kernel grants less (Linux only)',
    async () => {
      const { log, lines } = recordingLog();
      const { receiver } = await startReceiver({ receiveBuffer: '1GiB' }, log);
      expect(receiver.stats()).toMatchObject({ receiveBufferBytes: RMEM_MAX, receiveBufferClamped: true });
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatchObject({
        level: 'warn',
        fields: { wantedBytes: 1024 * MIB, grantedBytes: RMEM_MAX },
      });
      expect(JSON.stringify(lines[0])).toContain('sysctl -w net.core.rmem_max=1073741824');
      expect(JSON.stringify(lines[0])).toContain('/etc/sysctl.d/');
    },
  );

  it('says nothing where it is granted', async () => {
    const { log, lines } = recordingLog();
    const { receiver } = await startReceiver({ receiveBuffer: '16KiB' }, log);
    expect(receiver.stats()).toMatchObject({ receiveBufferBytes: 16_384, receiveBufferClamped: false });
    expect(lines).toEqual([]);
  });
});

describe('an overloaded UDP receiver', () => {
  it.skipIf(!ON_LINUX)(
    'accounts for every datagram, received, or dropped by the kernel or a full ring (Linux only)',
    async () => {
      const { receiver, intake, port } = await startReceiver({ receiveBuffer: '64KiB', ringBuffer: '1MiB' });
      expect(receiver.stats()).toMatchObject({ kernelDropped: 0, ringDropped: 0 });
      sendWhileBlocked(port, 20_000);
      await until(() => intake.messages.length > 0);
      await until(() => accountedFor(receiver) === 20_000);
      const { received, ringDropped } = receiver.stats();
      expect(received).toBe(intake.messages.length);
      // What the ring holds of it, and at most as much that came when there was room again.
      expect(received).toBeGreaterThan(2_500);
      expect(ringDropped).toBeGreaterThan(1_000);
      await receiver.refresh();
      expect(accountedFor(receiver)).toBe(20_000);
      await receiver.stop();
      expect(accountedFor(receiver)).toBe(20_000);
    },
  );

  it.skipIf(RMEM_MAX < 4 * MIB)(
    'loses nothing while this thread stands still for three seconds of 20,000 datagrams each (where 4 MiB are granted)',
    // Again where the machine was so busy that not even the thread that reads came to its turn for a third of a second.
    { retry: 3 },
    async () => {
      const { receiver, intake, port } = await startReceiver();
      sendWhileBlocked(port, 60_000, 20);
      await until(() => accountedFor(receiver) === 60_000);
      expect(receiver.stats()).toMatchObject({ received: 60_000, ringDropped: 0 });
      // When it was read counts, not when it was handed over.
      const times = intake.messages.map(({ receivedAt }) => receivedAt);
      expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(2_000);
    },
  );

  it.skipIf(!ON_LINUX)(
    'hands over what kernel and ring still hold before it stops (Linux only)',
    async () => {
      const { receiver, intake, port } = await startReceiver({ host: '127.0.0.1' });
      sendWhileBlocked(port, 5000);
      await receiver.stop();
      expect(intake.messages.length).toBeGreaterThan(100);
      expect(accountedFor(receiver)).toBe(5000);
    },
  );
});
