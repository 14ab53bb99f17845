import { type ClientRequest, get, type IncomingMessage } from 'node:http';

export interface Message {
  readonly event: string;
  readonly id: string | null;
  readonly data: unknown;
}

/** A client of server-sent events over a real socket: what it got, as the standard says to read it. */
export class StreamClient {
  readonly messages: Message[] = [];
  /** As a browser would send it when it comes back. */
  lastEventId: string | null = null;
  #request: ClientRequest | null = null;
  #rest = '';

  /** Resolves when the head of the answer is there. */
  async connect(url: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
    this.#rest = '';
    const last = this.lastEventId === null ? {} : { 'last-event-id': this.lastEventId };
    const request = get(url, { agent: false, headers: { ...last, ...headers } });
    this.#request = request;
    const response = await new Promise<IncomingMessage>((answered, failed) => {
      request.once('response', answered).once('error', failed);
    });
    // A server that is killed resets it.
    request.on('error', () => {});
    response.on('error', () => {});
    response.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    return response;
  }

  disconnect(): void {
    this.#request?.destroy();
  }

  of(event: string): Message[] {
    return this.messages.filter((message) => message.event === event);
  }

  /** Numbers of the events, in the order in which they came. */
  get seqs(): number[] {
    return this.of('event').map(({ data }) => (data as { seq: number }).seq);
  }

  #read(text: string): void {
    const blocks = (this.#rest + text).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line) => {
          const colon = line.indexOf(': ');
          return [line.slice(0, colon), line.slice(colon + 2)];
        }),
      );
      const id = fields.get('id') ?? null;
      if (id !== null) this.lastEventId = id;
      this.messages.push({
        event: fields.get('event') ?? '',
        id,
        data: JSON.parse(fields.get('data') ?? 'null'),
      });
    }
  }
}
