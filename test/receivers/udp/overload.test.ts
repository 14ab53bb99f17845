import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { UdpReceiver } from '../../../receivers/udp/udp.ts';
import { ON_LINUX, recordingLog, until } from '../receivers-under-test.ts';
import { startReceiver } from './under-test.ts';

const RMEM_MAX = ON_LINUX ? Number(readFileSync('/proc/sys/net/core/rmem_max', 'utf8')) : 0;
const MIB = 1_048_576;

/** Another program sends while this thread does nothing else. */
function sendWhileBlocked(port: number, count: number): void {
  const script = `
    const socket = require('node:dgram').createSocket('udp4');
    const line = Buffer.alloc(330, 'x');
    let sent = 0;
    const next = (error) => {
      if (error) throw error;
      if (sent === ${count}) return socket.close();
      sent += 1;
      socket.send(line, ${port}, '127.0.0.1', next);
    };
    next();`;
  const { status, stderr } = spawnSync(process.execPath, ['-e', script], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
}

function accountedFor(receiver: UdpReceiver): number {
  const { received, kernelDropped } = receiver.stats();
  return received + (kernelDropped ?? 0);
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
    'accounts for every datagram, read or dropped by the kernel (Linux only)',
    async () => {
      const { receiver, intake, port } = await startReceiver({ receiveBuffer: '64KiB' });
      expect(receiver.stats().kernelDropped).toBe(0);
      sendWhileBlocked(port, 20_000);
      await until(() => intake.messages.length > 0);
      await until(() => accountedFor(receiver) === 20_000);
      const { received, kernelDropped } = receiver.stats();
      expect(received).toBe(intake.messages.length);
      expect(kernelDropped).toBeGreaterThan(10_000);
      await receiver.refresh();
      expect(accountedFor(receiver)).toBe(20_000);
      await receiver.stop();
      expect(accountedFor(receiver)).toBe(20_000);
    },
  );

  it.skipIf(!ON_LINUX)('reads what the kernel still holds before it stops (Linux only)', async () => {
    const { receiver, intake, port } = await startReceiver({ host: '127.0.0.1' });
    sendWhileBlocked(port, 5000);
    await receiver.stop();
    expect(intake.messages.length).toBeGreaterThan(100);
    expect(accountedFor(receiver)).toBe(5000);
  });
});
