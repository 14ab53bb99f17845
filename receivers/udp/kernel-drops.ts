import { readdir, readFile, readlink } from 'node:fs/promises';
import { SocketAddress } from 'node:net';
import { endianness } from 'node:os';

/** A line of `/proc/net/udp` or `/proc/net/udp6`. */
interface Row {
  /** Address and port in hexadecimal. */
  readonly local: string;
  readonly inode: string;
  readonly drops: number;
}

/** The kernel's counter is a 32-bit one. */
const WRAP = 2 ** 32;

/**
 * Datagrams that the kernel threw away because a UDP socket of ours was full: column `drops` of
 * `/proc/net/udp` (udp6), in the row of the socket's inode. Known on Linux only.
 */
export class KernelDrops {
  readonly #local: { readonly address: string; readonly port: number };
  readonly #proc: string;
  #inode: string | null = null;
  #count: number | null = null;
  #last = 0;
  #refreshing: Promise<void> | null = null;

  /** `local` is what the socket is bound to; create this only once it is. */
  constructor(local: { readonly address: string; readonly port: number }, proc = '/proc') {
    this.#local = local;
    this.#proc = proc;
  }

  /** As of the last refresh, never falling; null where it cannot be known. */
  get count(): number | null {
    return this.#count;
  }

  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    const rows = await readRows(`${this.#proc}/net/${this.#local.address.includes(':') ? 'udp6' : 'udp'}`);
    this.#inode ??= await this.#findInode(rows);
    const row = rows.find(({ inode }) => inode === this.#inode);
    if (row === undefined) return;
    this.#count = (this.#count ?? 0) + ((row.drops - this.#last + WRAP) % WRAP);
    this.#last = row.drops;
  }

  /** Sockets of several processes may share address and port; ours is one that this program has open. */
  async #findInode(rows: readonly Row[]): Promise<string | null> {
    const candidates = rows.filter(({ local }) => isPlace(local, this.#local)).map(({ inode }) => inode);
    if (candidates.length === 0) return null;
    const own = await socketInodes(`${this.#proc}/self/fd`);
    const mine = own === null ? candidates : candidates.filter((inode) => own.has(inode));
    return mine.length === 1 ? (mine[0] ?? null) : null;
  }
}

async function readRows(file: string): Promise<Row[]> {
  const text = await readFile(file, 'latin1').catch(() => '');
  return text.split('\n').flatMap((line) => {
    const fields = line.trim().split(/ +/);
    const [local, inode, drops] = [fields[1], fields[9], Number(fields[12])];
    return local === undefined || inode === undefined || !Number.isInteger(drops)
      ? []
      : [{ local, inode, drops }];
  });
}

/** Inodes of the open sockets of this process, null where that may not be read. */
async function socketInodes(folder: string): Promise<Set<string> | null> {
  const files = await readdir(folder).catch(() => null);
  if (files === null) return null;
  const targets = await Promise.all(files.map((file) => readlink(`${folder}/${file}`).catch(() => '')));
  return new Set(targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []));
}

function isPlace(local: string, { address, port }: { address: string; port: number }): boolean {
  const [hex, hexPort] = local.split(':');
  if (hex === undefined || hexPort === undefined || Number.parseInt(hexPort, 16) !== port) return false;
  return addressOf(hex) === address.replace(/%.*$/, '');
}

/** `0100007F` is 127.0.0.1 on a little-endian machine: the kernel prints each 32-bit word as a number. */
function addressOf(hex: string): string | null {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => {
    const inOrder = [...Buffer.from(word, 'hex')];
    return endianness() === 'LE' ? inOrder.reverse() : inOrder;
  });
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) return null;
  const address = Buffer.from(bytes)
    .toString('hex')
    .replace(/(.{4})(?!$)/g, '$1:');
  return new SocketAddress({ address, family: 'ipv6' }).address;
}
