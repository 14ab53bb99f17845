import { lookup } from 'node:dns/promises';
import { setImmediate } from 'node:timers/promises';
import { hostAndPort } from '../src/contract/host.ts';
import type { ReceiverParts } from '../src/contract/receiver.ts';

export interface Place {
  readonly host: string;
  readonly port: number;
}

/** Listens on an IP literal; rejects with the error of the system. */
export type Bind<T> = (address: string, family: 4 | 6) => Promise<T>;

/** How a machine says that it has no IPv6. */
const NO_IPV6: ReadonlySet<string> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL']);

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'address already in use (is another Headcount or Butler running?)',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'not permitted (ports below 1024 need extra rights, and Windows reserves some ranges)',
  ENOTFOUND: 'no such name',
  EAI_AGAIN: 'the name could not be looked up',
};

/**
 * Binds a host as configured: `::` is every address of both families, and every IPv4 one where IPv6 is off;
 * of a name the first address is taken.
 * @throws Error whose message names protocol, place and reason for people
 */
export async function bindPlace<T>(protocol: string, { host, port }: Place, bind: Bind<T>): Promise<T> {
  try {
    if (host === '::') return await bindEverywhere(bind);
    const { address, family } = await lookup(host);
    return await bind(address, family === 6 ? 6 : 4);
  } catch (error) {
    const reason = REASONS[codeOf(error)] ?? (error instanceof Error ? error.message : String(error));
    throw new Error(placed(protocol, { host, port }, reason), { cause: error });
  }
}

/** A reason with the place that it is about. */
export function placed(protocol: string, { host, port }: Place, reason: string): string {
  return `${protocol} ${hostAndPort(host, port)}: ${reason}`;
}

async function bindEverywhere<T>(bind: Bind<T>): Promise<T> {
  try {
    return await bind('::', 6);
  } catch (error) {
    if (!NO_IPV6.has(codeOf(error))) throw error;
    return await bind('0.0.0.0', 4);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** Turns of the event loop without anything new; the first may pass without asking the kernel. */
const QUIET_TURNS = 2;
/** One turn reads up to 32 datagrams of a socket. */
const MOST_TURNS = 1000;

/**
 * Resolves when `count` stands still, so when all that the kernel held has been read. After a stall that is
 * thousands of messages, which a receiver would lose if it just closed. Gives up on a sender that never rests.
 */
export async function untilQuiet(count: () => number): Promise<void> {
  let seen = count();
  let quiet = 0;
  for (let turn = 0; turn < MOST_TURNS && quiet < QUIET_TURNS; turn += 1) {
    await setImmediate();
    quiet = count() === seen ? quiet + 1 : 0;
    seen = count();
  }
}

export const LOOK_AGAIN_MS = 60_000;

/** Counts something unwelcome. Logs the 1st, 10th, 100th, ..., so that a storm of it cannot fill the disk. */
export class LoggedCount {
  count = 0;
  readonly #log: (fields: object) => void;
  #nextLogged = 1;

  constructor({ name, log }: ReceiverParts, level: 'info' | 'warn', message: string) {
    this.#log = (fields) => log[level]({ receiver: name, ...fields }, message);
  }

  add(fields: object): void {
    this.count += 1;
    if (this.count < this.#nextLogged) return;
    this.#nextLogged *= 10;
    this.#log({ ...fields, count: this.count });
  }
}

/** Counts what a receiver refuses, by reason. */
export class Refusals {
  readonly #byReason = new Map<string, number>();

  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#byReason);
  }

  add(reason: string): void {
    this.#byReason.set(reason, (this.#byReason.get(reason) ?? 0) + 1);
  }
}
