import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { IClientOptions } from 'mqtt';
import type { EventLineRow, SessionCountsRow, UnfilteredSnapshotRow } from '../../src/contract/rows.ts';
import {
  type Batch,
  defineSink,
  NeedsOperatorError,
  type Sink,
  type SinkParts,
  type Table,
} from '../../src/contract/sink.ts';
import { Broker, type Message } from './broker.ts';
import { type MqttConfig, mqttSchema } from './mqtt.schema.ts';
import { answerPayload, countsPayload, EventPayloads, PUBLISHED } from './payload.ts';

/** Counts of before are of no use to whoever wants to know how many are on. */
const COUNTS_OF_NOW_MS = 300_000;
const STORE_CHARACTERS = 8;

/** Events, whole polls and counts as messages to an MQTT broker, as Butler SOS publishes them. */
export function createMqttSink(config: MqttConfig, parts: SinkParts): Sink {
  return new Mqtt(config, parts);
}

export const mqttSink = defineSink({
  schema: mqttSchema,
  create: createMqttSink,
  async examineFiles({ tls }, folder) {
    try {
      createSecureContext(await readFiles(tls, folder));
      return [];
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      return [{ path: ['tls'], text, isProblem: true }];
    }
  },
  async examine(config, folder, signal) {
    // By an id of its own: one that is in use would be thrown out.
    const options = await connectOptions(config, folder);
    const broker = await Broker.connect(config.url, qosOf(config), options, signal);
    await broker.close(null);
    return [`${config.url} takes connections; whether it takes messages was not tried`];
  },
});

class Mqtt implements Sink {
  readonly name: string;
  readonly tables: readonly Table[];
  readonly #config: MqttConfig;
  readonly #parts: SinkParts;
  readonly #payloads: EventPayloads;
  readonly #clientId: string;
  #broker: Broker | null = null;

  constructor(config: MqttConfig, parts: SinkParts) {
    this.name = parts.name;
    this.#config = config;
    this.#parts = parts;
    this.#payloads = new EventPayloads(config.tags);
    // Two clients of one name throw each other out.
    this.#clientId = config.clientId ?? `headcount-${parts.storeId.slice(0, STORE_CHARACTERS)}-${parts.name}`;
    this.tables = tablesOf(config);
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#broker?.drop();
    this.#broker = null;
    const config = this.#config;
    const will = this.#availability('offline');
    const options = {
      ...(await connectOptions(config, this.#parts.folder)),
      clientId: this.#clientId,
      ...(will === null ? {} : { will: { ...will, qos: 1 as const } }),
    };
    const broker = await Broker.connect(config.url, qosOf(config), options, signal);
    this.#broker = broker;
    const online = this.#availability('online');
    if (online !== null) await broker.publish([online], signal);
  }

  async write(batch: Batch, signal: AbortSignal): Promise<void> {
    if (this.#broker === null) throw new Error('not started');
    await this.#broker.publish(this.#messagesOf(batch), signal);
  }

  #messagesOf(batch: Batch): Message[] {
    switch (batch.table) {
      case 'event_lines':
        return batch.rows.flatMap((row, place) => this.#eventMessages(row, place));
      case 'unfiltered_snapshots':
        return batch.rows.map((row, place) => this.#pollMessage(row, place));
      case 'session_counts':
        return this.#countsMessages(batch.rows);
      default:
        throw new Error('a table that it does not want');
    }
  }

  #eventMessages(row: EventLineRow, place: number): Message[] {
    // What polls and restarts told is our own conclusion: nobody has sent a message.
    if (row.reason === 'snapshot' || row.reason === 'restart') return [];
    const kind = PUBLISHED[row.kind];
    if (kind === undefined) return [];
    const { topics, retain } = this.#config;
    const own = topics[kind.topic];
    const wanted = kind.topic === 'sessionRejected' ? [own] : [topics.everything, own];
    const switchedOn = wanted.filter(({ enabled }) => enabled);
    if (switchedOn.length === 0) return [];
    const payload = this.#payloads.of(row, kind);
    return switchedOn.map(({ topic }) => ({ topic, payload, retain, place }));
  }

  #pollMessage(row: UnfilteredSnapshotRow, place: number): Message {
    const { polls, retain } = this.#config;
    const topic = `${polls.base}${row.server ?? row.host}/usersession${row.virtualProxy}`;
    return { topic, payload: answerPayload(row), retain, place };
  }

  /** The latest counts of the whole site, which the broker keeps for whoever subscribes later. */
  #countsMessages(rows: readonly SessionCountsRow[]): Message[] {
    const { enabled, topic } = this.#config.counts;
    const place = rows.findLastIndex(({ scope, active }) => scope === 'all' && active !== null);
    const row = rows[place];
    if (!enabled || row === undefined || this.#parts.now() - row.at > COUNTS_OF_NOW_MS) return [];
    return [{ topic, payload: countsPayload(row), retain: true, place }];
  }

  #availability(payload: 'online' | 'offline'): Message | null {
    const { enabled, topic } = this.#config.availability;
    return enabled ? { topic, payload, retain: true, place: 0 } : null;
  }

  async stop(): Promise<void> {
    await this.#broker?.close(this.#availability('offline'));
    this.#broker = null;
  }

  details(): Readonly<Record<string, unknown>> {
    return {
      url: this.#config.url,
      clientId: this.#clientId,
      connected: this.#broker?.isConnected ?? false,
    };
  }
}

/** Counts come once a minute at least, which shows that the broker is still there. */
function tablesOf({ topics, polls, counts, availability }: MqttConfig): readonly Table[] {
  const isEvents = Object.values(topics).some(({ enabled }) => enabled);
  return [
    ...(isEvents ? (['event_lines'] as const) : []),
    ...(polls.enabled ? (['unfiltered_snapshots'] as const) : []),
    ...(counts.enabled || availability.enabled ? (['session_counts'] as const) : []),
  ];
}

function qosOf({ qos }: MqttConfig): 0 | 1 {
  return qos === 0 ? 0 : 1;
}

async function connectOptions(config: MqttConfig, folder: string): Promise<IClientOptions> {
  const { user, password, tls, keepAlive, timeout, version } = config;
  return {
    protocolVersion: version === '5' ? 5 : 4,
    ...(user === undefined ? {} : { username: user }),
    ...(password === undefined ? {} : { password }),
    keepalive: Math.round(keepAlive / 1_000),
    connectTimeout: timeout,
    rejectUnauthorized: tls.verify,
    ...(tls.servername === undefined ? {} : { servername: tls.servername }),
    ...(await readFiles(tls, folder)),
  };
}

type TlsFiles = Partial<Record<'ca' | 'cert' | 'key', string>>;

async function readFiles(tls: MqttConfig['tls'], folder: string): Promise<TlsFiles> {
  const read = async (name: 'ca' | 'cert' | 'key'): Promise<TlsFiles> => {
    const path = tls[name];
    if (path === undefined) return {};
    const text = await readFile(resolve(folder, path), 'utf8').catch((error: Error) => {
      throw new NeedsOperatorError(`cannot read tls.${name}: ${error.message}`);
    });
    return { [name]: text };
  };
  return { ...(await read('ca')), ...(await read('cert')), ...(await read('key')) };
}
