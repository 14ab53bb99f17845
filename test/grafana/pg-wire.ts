import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Column {
  readonly name: string;
  readonly type: 'boolean' | 'number' | 'text' | 'time';
}

/** A cell is as its column says, a time in ms since 1970 UTC; null is null. */
export type Cell = boolean | number | string | null;

export interface Answer {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

/** PostgreSQL's numbers of types, as far as QuestDB uses them. */
const TYPES: Readonly<Record<number, Column['type']>> = {
  16: 'boolean',
  20: 'number',
  21: 'number',
  23: 'number',
  700: 'number',
  701: 'number',
  1114: 'time',
  1184: 'time',
};
const PROTOCOL = 196_608;
const CLEARTEXT = 3;

/** The way the QuestDB plugin of Grafana asks: PostgreSQL's protocol, its simple queries. One question at a time. */
export class PgWire {
  readonly #socket: Socket;
  readonly #chunks: AsyncIterator<Buffer>;
  #unread = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#chunks = socket[Symbol.asyncIterator]();
  }

  /** Rejects with what QuestDB says, such as a wrong password. */
  static async connect(port: number, user: string, password: string): Promise<PgWire> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const wire = new PgWire(socket);
    const settings = Buffer.from(`user\0${user}\0database\0qdb\0\0`);
    socket.write(Buffer.concat([int32(settings.length + 8), int32(PROTOCOL), settings]));
    await wire.#untilReady((type, body) => {
      if (type === 'R' && body.readInt32BE(0) === CLEARTEXT) wire.#send('p', password);
    });
    return wire;
  }

  /** Rejects with what QuestDB says. */
  async query(sql: string): Promise<Answer> {
    let columns: Column[] = [];
    const rows: Cell[][] = [];
    this.#send('Q', sql);
    await this.#untilReady((type, body) => {
      if (type === 'T') columns = readColumns(body);
      if (type === 'D') rows.push(readCells(body, columns));
    });
    return { columns, rows };
  }

  close(): void {
    this.#socket.destroy();
  }

  #send(type: string, text: string): void {
    const body = Buffer.from(`${text}\0`);
    this.#socket.write(Buffer.concat([Buffer.from(type), int32(body.length + 4), body]));
  }

  async #untilReady(take: (type: string, body: Buffer) => void): Promise<void> {
    let problem: string | null = null;
    for (;;) {
      while (this.#unread.length < 5 || this.#unread.length <= this.#unread.readInt32BE(1)) {
        const { value, done } = await this.#chunks.next();
        if (done) throw new Error(problem ?? 'QuestDB hung up');
        this.#unread = Buffer.concat([this.#unread, value]);
      }
      const type = this.#unread.toString('latin1', 0, 1);
      const end = this.#unread.readInt32BE(1) + 1;
      const body = this.#unread.subarray(5, end);
      this.#unread = this.#unread.subarray(end);
      if (type === 'E') problem = readProblem(body);
      else if (type !== 'Z') take(type, body);
      else if (problem !== null) throw new Error(problem);
      else return;
    }
  }
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** Per column: its name, then 18 bytes of which the seventh to tenth are the type. */
function readColumns(body: Buffer): Column[] {
  let at = 2;
  return Array.from({ length: body.readInt16BE(0) }, () => {
    const end = body.indexOf(0, at);
    const name = body.toString('utf8', at, end);
    const type = TYPES[body.readInt32BE(end + 7)] ?? 'text';
    at = end + 19;
    return { name, type };
  });
}

function readCells(body: Buffer, columns: readonly Column[]): Cell[] {
  let at = 2;
  return columns.map(({ type }) => {
    const length = body.readInt32BE(at);
    at += 4 + Math.max(0, length);
    return length < 0 ? null : readCell(type, body.toString('utf8', at - length, at));
  });
}

function readCell(type: Column['type'], text: string): Cell {
  if (type === 'boolean') return text === 't';
  if (type === 'number') return Number(text);
  if (type === 'time') return Date.parse(`${text.replace(' ', 'T')}Z`);
  return text;
}

/** Fields of a letter and a text each; `M` is the message for people. */
function readProblem(body: Buffer): string {
  const fields = body.toString('utf8').split('\0');
  return fields.find((field) => field.startsWith('M'))?.slice(1) ?? 'unknown error';
}
