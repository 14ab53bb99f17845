import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { ForwardedEvents } from '../../src/contract/sites/forwarding.ts';
import { decodeEvents, decodeHead, type MessageHead, placeOf } from '../../src/nats/message.ts';
import type { Login } from './nats-servers.ts';

export interface StoredMessage extends MessageHead {
  readonly edge: string;
  readonly partition: number;
  readonly events: ForwardedEvents['events'];
}

/** Every message of a stream, as it is stored. */
export async function storedMessages(
  url: string,
  stream: string,
  login: Login = {},
): Promise<StoredMessage[]> {
  const connection = await connect({ ...login, servers: url, reconnect: false });
  try {
    const { streams } = await jetstreamManager(connection);
    const { state } = await streams.info(stream);
    const found: StoredMessage[] = [];
    for (let seq = state.first_seq; seq <= state.last_seq; seq += 1) {
      const message = await streams.getMessage(stream, { seq });
      const head = decodeHead(message?.header);
      const place = placeOf(message?.subject ?? '');
      const events = decodeEvents(message?.string() ?? '');
      if (head === null || place === null || events === null)
        throw new Error(`message ${seq} is none of ours`);
      found.push({ ...place, ...head, events });
    }
    return found;
  } finally {
    await connection.close();
  }
}
