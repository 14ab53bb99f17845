import type { Socket } from 'node:net';
import type { EventIntake, ReceiverParts } from '../../src/contract/receiver.ts';
import { plainAddress } from '../address.ts';
import type { AllowList } from '../allow-list.ts';
import { LoggedCount, type Refusals } from '../listen.ts';
import { CountedFrames } from './counted-frames.ts';
import type { FrameTaker, Framing } from './framing.ts';
import { Lines } from './lines.ts';
import type { TcpConfig } from './tcp.schema.ts';

/** Decides about a connection by its address, before anything of it is read, and ends them all when asked. */
export class TcpAdmission {
  readonly #allowed: AllowList;
  readonly #mostPerAddress: number;
  readonly #refused: Refusals;
  readonly #parts: ReceiverParts;
  readonly #sockets = new Set<Socket>();
  readonly #perAddress = new Map<string, number>();
  refusedConnections = 0;

  constructor(allowed: AllowList, mostPerAddress: number, refused: Refusals, parts: ReceiverParts) {
    this.#allowed = allowed;
    this.#mostPerAddress = mostPerAddress;
    this.#refused = refused;
    this.#parts = parts;
  }

  /** False where the connection is refused; it is closed then. */
  admit(socket: Socket): boolean {
    // Whoever reads from it counts its errors; a refused one may still have some.
    socket.on('error', () => {});
    const { remoteAddress } = socket;
    if (remoteAddress === undefined) {
      // Reset before it was accepted.
      socket.destroy();
      return false;
    }
    const address = plainAddress(remoteAddress);
    const reason = this.#problem(remoteAddress, address);
    if (reason === null) {
      this.#enter(socket, address);
      return true;
    }
    this.refuse(reason, address);
    socket.destroy();
    return false;
  }

  /** Connections are no messages: what is refused of them is counted and logged apart. */
  refuse(reason: string, address: string, detail = ''): void {
    this.refusedConnections += 1;
    this.#refused.add(reason);
    const { name, trouble } = this.#parts;
    trouble(`${name}: connection refused, ${reason}`, detail === '' ? address : `${address}: ${detail}`);
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #problem(remoteAddress: string, address: string): string | null {
    if (!this.#allowed.allows(remoteAddress)) return 'not_allowed';
    const open = this.#perAddress.get(address) ?? 0;
    return open >= this.#mostPerAddress ? 'too_many_of_address' : null;
  }

  #enter(socket: Socket, address: string): void {
    this.#sockets.add(socket);
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      const left = (this.#perAddress.get(address) ?? 1) - 1;
      if (left > 0) this.#perAddress.set(address, left);
      else this.#perAddress.delete(address);
    });
  }
}

/** The open connections of one listener: they are read together, and wait together for the journal. */
export class TcpConnections {
  readonly errors: LoggedCount;
  /** Frames, refused ones too. */
  received = 0;
  /** Pieces of any length that were read. */
  chunks = 0;
  idleClosed = 0;
  slowClosed = 0;
  /** Nothing is read until the journal has caught up. */
  waiting = false;
  readonly #config: TcpConfig;
  readonly #parts: ReceiverParts;
  readonly #intake: EventIntake;
  readonly #refused: Refusals;
  readonly #open = new Map<Socket, FrameDeadline>();
  readonly #looking: NodeJS.Timeout;
  #waitedSinceLook = false;
  #closed = false;

  constructor(config: TcpConfig, parts: ReceiverParts, intake: EventIntake, refused: Refusals) {
    this.errors = new LoggedCount(parts, 'info', 'error on a TCP socket');
    this.#config = config;
    this.#parts = parts;
    this.#intake = intake;
    this.#refused = refused;
    this.#looking = setInterval(() => this.#look(), config.frameTimeout / LOOKS).unref();
  }

  get count(): number {
    return this.#open.size;
  }

  /** Bytes of all unfinished frames. */
  get held(): number {
    return this.#open.values().reduce((sum, { framing }) => sum + framing.held, 0);
  }

  add(socket: Socket): void {
    const { remoteAddress, remotePort = 0 } = socket;
    socket.on('error', (error) => this.errors.add({ address: remoteAddress, error: error.message }));
    if (remoteAddress === undefined || this.#closed) {
      // Reset during the handshake, or too late.
      socket.destroy();
      return;
    }
    const frames = this.#framesFrom(plainAddress(remoteAddress), remotePort);
    this.#open.set(socket, new FrameDeadline(frames));
    socket.on('close', () => this.#drop(socket, frames));
    socket.on('timeout', () => this.#closeIdle(socket));
    if (this.waiting) socket.pause();
    else socket.setTimeout(this.#config.idleTimeout);
    socket.on('end', () => frames.end());
    socket.on('data', (chunk) => {
      this.chunks += 1;
      frames.push(chunk);
      if (frames.lost) this.#cutOff(socket);
    });
  }

  /** Ends every connection; the intake hears nothing more of them. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#looking);
    for (const [socket, { framing }] of this.#open) this.#drop(socket, framing);
  }

  #framesFrom(address: string, port: number): Framing {
    const sender = { address, port, isConnection: true, encoding: this.#config.encoding };
    const taker: FrameTaker = {
      frame: (bytes) => {
        this.received += 1;
        if (!this.#intake.receive(bytes, sender, this.#parts.now())) this.#wait();
      },
      refuse: (reason, came) => {
        this.received += 1;
        this.#refused.add(reason);
        const what = came === undefined ? '' : `: ${came}`;
        this.#intake.refuse(reason, `${this.#parts.name}: a frame from ${address}${what}`);
      },
    };
    const { framing, maxFrame } = this.#config;
    return framing === 'lf' ? new Lines(maxFrame, taker) : new CountedFrames(maxFrame, taker);
  }

  #wait(): void {
    if (this.waiting) return;
    this.waiting = true;
    this.#waitedSinceLook = true;
    for (const socket of this.#open.keys()) {
      socket.pause();
      socket.setTimeout(0);
    }
    // A journal that has failed never catches up: nothing is read any more.
    this.#intake.drained().then(
      () => this.#goOn(),
      () => {},
    );
  }

  #goOn(): void {
    this.waiting = false;
    for (const socket of this.#open.keys()) {
      socket.setTimeout(this.#config.idleTimeout);
      socket.resume();
    }
  }

  /** Frames that had to wait for us are given more time. */
  #look(): void {
    const waited = this.#waitedSinceLook;
    this.#waitedSinceLook = this.waiting;
    if (waited) return;
    for (const [socket, deadline] of this.#open) {
      if (!deadline.look()) continue;
      this.slowClosed += 1;
      deadline.framing.cut('frame_too_slow');
      this.#cutOff(socket);
    }
  }

  /** Ends a connection of which nothing more is wanted, not even what was read already. */
  #cutOff(socket: Socket): void {
    this.#open.delete(socket);
    socket.removeAllListeners('data').removeAllListeners('end');
    socket.destroy();
  }

  #closeIdle(socket: Socket): void {
    this.idleClosed += 1;
    socket.destroy();
  }

  #drop(socket: Socket, frames: Framing): void {
    if (!this.#open.delete(socket)) return;
    socket.removeAllListeners('data').removeAllListeners('end');
    // Of a connection that had to wait, something may have been read and not handed over.
    const rest: Buffer | null = socket.read();
    if (rest !== null) frames.push(rest);
    frames.cut();
    socket.destroy();
  }
}

/** A deadline is this many looks; it is kept to that part of it. */
export const LOOKS = 8;

/**
 * How long a frame has been unfinished, counted in looks at it rather than by a clock: looks are only taken while the
 * sender was free to go on.
 */
export class FrameDeadline {
  readonly framing: Framing;
  #frame = 0;
  #looks = 0;

  constructor(framing: Framing) {
    this.framing = framing;
  }

  /** True when the same frame has been unfinished for a whole deadline. Later bytes of it do not matter. */
  look(): boolean {
    const { begun, unfinished } = this.framing;
    if (!unfinished || begun !== this.#frame) this.#looks = 0;
    else this.#looks += 1;
    this.#frame = begun;
    return this.#looks >= LOOKS;
  }
}
