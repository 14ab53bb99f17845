import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { endianness, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KernelDrops } from '../../../receivers/udp/kernel-drops.ts';

const HEADER =
  '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops             ';
const LOOPBACK = '0100007F:270D';
const ANY = '00000000000000000000000000000000:270D';
const LINK_LOCAL = '000080FE000000000000000001000000:270D';

function row(local: string, inode: number, drops: number): string {
  const remote = local.replace(/[^:]/g, '0').replace(/:0+$/, ':0000');
  return `  471: ${local} ${remote} 07 00000000:00000000 00:00000000 00000000     0        0 ${inode} 2 00000000c7eac8c4 ${drops}            `;
}

let proc = '';
beforeEach(async () => {
  proc = await mkdtemp(join(tmpdir(), 'proc-'));
  await mkdir(join(proc, 'net'));
  await mkdir(join(proc, 'self', 'fd'), { recursive: true });
});
afterEach(() => rm(proc, { recursive: true }));

function show(table: 'udp' | 'udp6', ...rows: string[]): Promise<void> {
  return writeFile(join(proc, 'net', table), [HEADER, ...rows, ''].join('\n'));
}

function own(fd: number, inode: number): Promise<void> {
  return symlink(`socket:[${inode}]`, join(proc, 'self', 'fd', String(fd)));
}

async function dropsAt(address: string): Promise<number | null> {
  const drops = new KernelDrops({ address, port: 9997 }, proc);
  await drops.refresh();
  return drops.count;
}

describe.skipIf(endianness() !== 'LE')('kernel drops in the /proc of a little-endian machine', () => {
  it('are those of the row with our address and port', async () => {
    await own(20, 501);
    await show('udp', row('0200007F:270D', 500, 7), row('0100007F:270E', 502, 8), row(LOOPBACK, 501, 9));
    await show('udp6', row(ANY, 503, 10));
    expect(await dropsAt('127.0.0.1')).toBe(9);
  });

  it('are found for :: and for a link-local address with a zone', async () => {
    await own(20, 501);
    await own(21, 502);
    await show('udp6', row(ANY, 501, 3), row(LINK_LOCAL, 502, 4));
    expect(await dropsAt('::')).toBe(3);
    expect(await dropsAt('fe80::1%eth0')).toBe(4);
  });

  it('are those of our own socket where another process shares address and port', async () => {
    await own(20, 501);
    await show('udp', row(LOOPBACK, 500, 7), row(LOOPBACK, 501, 9));
    expect(await dropsAt('127.0.0.1')).toBe(9);
  });

  it('are unknown where it cannot be told which socket is ours', async () => {
    await show('udp', row(LOOPBACK, 500, 7), row(LOOPBACK, 501, 9));
    await own(20, 500);
    await own(21, 501);
    expect(await dropsAt('127.0.0.1')).toBeNull();
  });

  it('need no list of our files where only one socket fits', async () => {
    await rm(join(proc, 'self'), { recursive: true });
    await show('udp', row(LOOPBACK, 501, 9));
    expect(await dropsAt('127.0.0.1')).toBe(9);
  });

  it('stay as they were when the socket is gone, and never fall when the 32-bit counter begins again', async () => {
    await own(20, 501);
    const drops = new KernelDrops({ address: '127.0.0.1', port: 9997 }, proc);
    await show('udp', row(LOOPBACK, 501, 2 ** 32 - 5));
    await drops.refresh();
    await show('udp', row(LOOPBACK, 501, 3));
    await drops.refresh();
    expect(drops.count).toBe(2 ** 32 + 3);
    await show('udp', row(LOOPBACK, 999, 12));
    await drops.refresh();
    expect(drops.count).toBe(2 ** 32 + 3);
  });
});

describe('kernel drops', () => {
  it('are unknown where there is no /proc', async () => {
    await rm(join(proc, 'net'), { recursive: true });
    expect(await dropsAt('127.0.0.1')).toBeNull();
  });

  it('are unknown where the table has no such column', async () => {
    await writeFile(join(proc, 'net', 'udp'), `sl local_address\n 1: ${LOOPBACK} 0\n\n:::\n`);
    expect(await dropsAt('127.0.0.1')).toBeNull();
  });
});
