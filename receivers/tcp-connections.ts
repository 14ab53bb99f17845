import type { Socket } from 'node:net';
import type { Intake } from '../src/core/receiver.ts';
import { FrameDeadline, LOOKS } from './frame-deadline.ts';
import { plainAddress } from './plain-address.ts';
import { LoggedCount, type ReceiverParts } from './receiver-log.ts';
import type { Refusals } from './refusals.ts';
import type { TcpConfig } from './tcp.schema.ts';
import { CountedFrames } from './tcp-counted-frames.ts';
import type { FrameTaker, Framing } from './tcp-framing.ts';
import { Lines } from './tcp-lines.ts';

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
  readonly #intake: Intake;
  readonly #refused: Refusals;
  readonly #open = new Map<Socket, FrameDeadline>();
  readonly #looking: NodeJS.Timeout;
  #waitedSinceLook = false;
  #closed = false;

  constructor(config: TcpConfig, parts: ReceiverParts, intake: Intake, refused: Refusals) {
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
    const sender = { address, port, isConnection: true };
    const taker: FrameTaker = {
      frame: (bytes) => {
        this.received += 1;
        if (!this.#intake.receive(bytes, sender, this.#parts.now())) this.#wait();
      },
      refuse: (reason) => {
        this.received += 1;
        this.#refused.add(reason);
        this.#intake.refuse(reason, `${this.#parts.name}: a frame from ${address}`);
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
