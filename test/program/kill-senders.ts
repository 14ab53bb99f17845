import { createSocket } from 'node:dgram';
import { connect } from 'node:net';

const KINDS = ['session_start', 'connection_open', 'connection_close', 'session_stop'] as const;
const COMMANDS = ['Start session', 'Open connection', 'Close connection', 'Stop session'];
/** Lines in one go, and the pause between two. */
const [DATAGRAMS, LINES, PAUSE_MS] = [20, 5, 2];
const REFUSED_PAUSE_MS = 50;

/** Who posts events with ids, and offers again what was not answered or was refused for the moment, with the same ids. */
export class Poster {
  readonly sent = new Set<string>();
  readonly answered = new Set<string>();
  /** How often it was told to come again. */
  refused = 0;
  #unanswered: readonly { readonly id: string }[] = [];
  #batches = 0;

  /** One batch after the other until the program is gone. */
  async postUntilGone(api: string): Promise<void> {
    try {
      for (;;) {
        const { refused } = this;
        await this.post(api);
        if (this.refused > refused) await new Promise((resolve) => setTimeout(resolve, REFUSED_PAUSE_MS));
      }
    } catch (error) {
      // fetch failed: the program was killed.
      if (!(error instanceof TypeError)) throw error;
    }
  }

  /** What was not answered once more, else the next batch. */
  async post(api: string): Promise<void> {
    if (this.#unanswered.length === 0) this.#unanswered = this.#next();
    const response = await fetch(`${api}/api/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(this.#unanswered),
    });
    const text = await response.text();
    if (response.status === 503 && response.headers.has('retry-after')) {
      this.refused += 1;
      return;
    }
    if (response.status !== 202) throw new Error(`${response.status} ${text}`);
    for (const { id } of this.#unanswered) this.answered.add(id);
    this.#unanswered = [];
  }

  #next(): readonly { readonly id: string }[] {
    const n = this.#batches;
    this.#batches += 1;
    const items = KINDS.map((type, place) => ({
      ...{ type, id: `${n}-${place}`, host: 'node1', appId: 'a421f4a2-c311-4ef4-ba41-fe2e6a2b0d69' },
      user: { directory: 'LAB', id: `poster${n % 50}` },
    }));
    // Some users stay on.
    const batch = n % 3 === 0 ? items.slice(0, 2) : items;
    for (const { id } of batch) this.sent.add(id);
    return batch;
  }
}

/** Lines by UDP until `stop` is called. */
export function sendDatagrams(port: number, pauseMs = PAUSE_MS): { stop(): void } {
  const socket = createSocket('udp4');
  let sent = 0;
  const timer = setInterval(() => {
    for (let i = 0; i < DATAGRAMS; i += 1, sent += 1) {
      const user = `sender${Math.floor(sent / 4) % 100}`;
      const line = `/qseow-proxy-session/;node2;${COMMANDS[sent % 4]};LAB;${user};AppAccess;;x`;
      socket.send(line, port, '127.0.0.1');
    }
  }, pauseMs);
  return {
    stop() {
      clearInterval(timer);
      socket.close();
    },
  };
}

/**
 * Lines by one TCP connection, as fast as it takes them, until `stop` is called. Each user starts and stops once:
 * `relay-ROUND-0` first, then `relay-ROUND-1`.
 */
export function sendLines(port: number, round: number, pauseMs = PAUSE_MS): { stop(): void } {
  const socket = connect(port, '127.0.0.1');
  let sent = 0;
  let hasRoom = true;
  socket.on('drain', () => {
    hasRoom = true;
  });
  // Reset when the program is killed.
  socket.on('error', () => {});
  const timer = setInterval(() => {
    for (let i = 0; i < LINES && hasRoom; i += 1, sent += 1) {
      const command = sent % 2 === 0 ? 'Start session' : 'Stop session';
      const user = `relay-${round}-${Math.floor(sent / 2)}`;
      hasRoom = socket.write(`/qseow-proxy-session/;node3;${command};LAB;${user};AppAccess;;x\n`);
    }
  }, pauseMs);
  return {
    stop() {
      clearInterval(timer);
      socket.destroy();
    },
  };
}
