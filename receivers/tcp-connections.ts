import type { Socket } from 'node:net';
import type { Intake } from '../src/core/receiver.ts';
import { plainAddress } from './plain-address.ts';
import { LoggedCount, type ReceiverParts } from './receiver-log.ts';
import type { TcpConfig } from './tcp.schema.ts';
import { Frames } from './tcp-frames.ts';

/** The open connections of one listener: they are read together, and wait together for the journal. */
export class TcpConnections {
  readonly errors: LoggedCount;
  /** Frames, refused ones too. */
  received = 0;
  /** Pieces of any length that were read. */
  chunks = 0;
  idleClosed = 0;
  /** Nothing is read until the journal has caught up. */
  waiting = false;
  readonly #config: TcpConfig;
  readonly #parts: ReceiverParts;
  readonly #intake: Intake;
  readonly #open = new Map<Socket, Frames>();

  constructor(config: TcpConfig, parts: ReceiverParts, intake: Intake) {
    this.errors = new LoggedCount(parts, 'info', 'error on a TCP socket');
    this.#config = config;
    this.#parts = parts;
    this.#intake = intake;
  }

  get count(): number {
    return this.#open.size;
  }

  add(socket: Socket): void {
    const { remoteAddress, remotePort = 0 } = socket;
    socket.on('error', (error) => this.errors.add({ address: remoteAddress, error: error.message }));
    if (remoteAddress === undefined) {
      // Reset before it was accepted.
      socket.destroy();
      return;
    }
    const frames = this.#framesFrom(plainAddress(remoteAddress), remotePort);
    this.#open.set(socket, frames);
    socket.on('close', () => this.#drop(socket, frames));
    socket.on('timeout', () => {
      this.idleClosed += 1;
      socket.destroy();
    });
    if (this.waiting) socket.pause();
    else socket.setTimeout(this.#config.idleTimeout);
    socket.on('end', () => frames.end());
    socket.on('data', (chunk) => {
      this.chunks += 1;
      frames.push(chunk);
    });
  }

  /** Ends every connection; the intake hears nothing more of them. */
  close(): void {
    for (const [socket, frames] of this.#open) this.#drop(socket, frames);
  }

  #framesFrom(address: string, port: number): Frames {
    const sender = { address, port };
    return new Frames(this.#config.maxFrame, {
      frame: (bytes) => {
        this.received += 1;
        if (!this.#intake.receive(bytes, sender, this.#parts.now())) this.#wait();
      },
      refuse: (reason) => {
        this.received += 1;
        this.#intake.refuse(reason);
      },
    });
  }

  #wait(): void {
    if (this.waiting) return;
    this.waiting = true;
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

  #drop(socket: Socket, frames: Frames): void {
    if (!this.#open.delete(socket)) return;
    socket.removeAllListeners('data').removeAllListeners('end');
    // Of a connection that had to wait, something may have been read and not handed over.
    const rest: Buffer | null = socket.read();
    if (rest !== null) frames.push(rest);
    frames.cut();
    socket.destroy();
  }
}
