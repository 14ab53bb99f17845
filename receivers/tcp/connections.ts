import type { Socket } from 'node:net';
import type { EventIntake, ReceiverParts } from '../../src/contract/receiver.ts';
import { plainAddress } from '../address.ts';
import { LoggedCount, type Refusals } from '../listen.ts';
import type { TcpAdmission } from './admission.ts';
import { CountedFrames } from './counted-frames.ts';
import type { FrameTaker, Framing } from './framing.ts';
import { Lines } from './lines.ts';
import type { TcpConfig } from './tcp.schema.ts';

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
  readonly #admission: TcpAdmission;
  readonly #open = new Map<Socket, FrameDeadline>();
  readonly #looking: NodeJS.Timeout;
  #waitedSinceLook = false;
  #closed = false;

  constructor(
    config: TcpConfig,
    parts: ReceiverParts,
    intake: EventIntake,
    refused: Refusals,
    admission: TcpAdmission,
  ) {
    this.#admission = admission;
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
    let isHeard = false;
    const taker: FrameTaker = {
      frame: (bytes) => {
        if (!isHeard) this.#admission.heard(address, port);
        isHeard = true;
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
