import { setTimeout as sleep } from 'node:timers/promises';
import {
  type JetStreamManager,
  jetstreamManager,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/transport-node';
import { SettingsError } from './connection.ts';
import { subjectsOf } from './message.ts';

/** Where a stream says into how many parts its events are cut: that is fixed when it is made. */
const PARTITIONS_KEY = 'headcount-partitions';
export const MOST_PARTITIONS = 256;
/** Messages that are sent again so soon are dropped by the server; later ones by whoever reads them. */
const DUPLICATES_MS = 120_000;

/**
 * While servers agree on another leader nobody answers, and a question of that time is never answered, so it is asked again before it is
 * given up: so often, after so long each.
 */
const ANSWER_WITHIN_MS = 1_500;
const ASKED_TIMES = 6;
const ASKED_AGAIN_MS = 500;

/** How a stream is made where there is none. */
export interface StreamWanted {
  readonly name: string;
  readonly partitions: number;
  readonly replicas: number;
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

/** A stream as it is. */
export interface FoundStream {
  readonly manager: JetStreamManager;
  readonly partitions: number;
  readonly replicas: number;
  /** Of this one: another one that was made under the same name has another. */
  readonly identity: string;
  readonly lastSeq: number;
  readonly firstSeq: number;
}

/**
 * Finds the stream, or makes it where there is none and `wanted` says how.
 * @throws SettingsError where it is not as it must be, or may not be made
 */
export async function findStream(
  connection: NatsConnection,
  name: string,
  wanted: StreamWanted | null,
): Promise<FoundStream> {
  const { manager, found } = await firstAnswer(connection, async () => {
    const manager = await jetstreamManager(connection, { timeout: ANSWER_WITHIN_MS });
    return { manager, found: await infoOf(manager, name) };
  });
  const info = found ?? (await makeStream(manager, name, wanted));
  const problem = problemOf(info, wanted?.replicas ?? 1);
  if (problem !== null) throw new SettingsError(`the stream ${name} ${problem}`);
  return {
    manager,
    partitions: Number(info.config.metadata?.[PARTITIONS_KEY]),
    replicas: info.config.num_replicas,
    identity: info.created,
    firstSeq: info.state.first_seq,
    lastSeq: info.state.last_seq,
  };
}

/** Of a question that may be asked several times at once. Rejects with what came of the last one where none is answered. */
async function firstAnswer<T>(connection: NatsConnection, ask: () => Promise<T>): Promise<T> {
  const asked: Promise<T>[] = [];
  while (asked.length < ASKED_TIMES && !connection.isClosed()) {
    const answer = ask();
    asked.push(answer);
    const isAnswered = Promise.any(asked).then(
      () => true,
      () => false,
    );
    const isLate = sleep(ASKED_AGAIN_MS, false);
    if (await Promise.race([isAnswered.then((yes) => yes || isLate), isLate])) break;
  }
  return Promise.any(asked).catch(({ errors }: AggregateError) => {
    throw errors.at(-1) ?? new Error('the connection is closed');
  });
}

async function infoOf(manager: JetStreamManager, name: string): Promise<StreamInfo | null> {
  try {
    return await manager.streams.info(name);
  } catch (error) {
    if (codeOf(error) === STREAM_NOT_FOUND) return null;
    throw error;
  }
}

/** Error codes of JetStream's API. */
const STREAM_NOT_FOUND = 10_059;
const NAME_IN_USE = 10_058;
const NO_SPACE = 10_047;
const TOO_MANY_REPLICAS = 10_074;

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}

async function makeStream(
  manager: JetStreamManager,
  name: string,
  wanted: StreamWanted | null,
): Promise<StreamInfo> {
  if (wanted === null) throw new Error(`there is no stream ${name} yet; the first sink makes it`);
  try {
    return await manager.streams.add(configOf(wanted));
  } catch (error) {
    // Somebody else was faster.
    if (codeOf(error) === NAME_IN_USE) return manager.streams.info(name);
    const { message } = error as Error;
    if (codeOf(error) === NO_SPACE) {
      throw new SettingsError(
        `the servers have no room for a stream of ${wanted.maxBytes} bytes (maxSize): ${message}`,
      );
    }
    if (codeOf(error) === TOO_MANY_REPLICAS) {
      throw new SettingsError(`a stream with ${wanted.replicas} replicas cannot be made: ${message}`);
    }
    throw error;
  }
}

function configOf({ name, partitions, replicas, maxAgeMs, maxBytes }: StreamWanted): Partial<StreamConfig> & {
  name: string;
} {
  return {
    name,
    subjects: [subjectsOf(name)],
    storage: StorageType.File,
    num_replicas: replicas,
    max_age: nanos(maxAgeMs),
    max_bytes: maxBytes,
    duplicate_window: nanos(DUPLICATES_MS),
    deny_delete: true,
    metadata: { [PARTITIONS_KEY]: String(partitions) },
    description: 'accepted events of Headcount, for a central one',
  };
}

/** Null where it holds what is relied on. */
function problemOf({ config }: StreamInfo, replicas: number): string | null {
  const partitions = Number(config.metadata?.[PARTITIONS_KEY]);
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > MOST_PARTITIONS) {
    return `was not made by Headcount: its metadata has no ${PARTITIONS_KEY} (1-${MOST_PARTITIONS})`;
  }
  if (!config.subjects.includes(subjectsOf(config.name))) return `does not take ${subjectsOf(config.name)}`;
  if (config.storage !== StorageType.File)
    return 'is kept in memory, so a restart of the servers would lose it';
  if (config.num_replicas < replicas) {
    return `has ${config.num_replicas} replicas; replicas: ${replicas} is configured`;
  }
  if (config.discard === 'new') return 'refuses new messages when it is full (discard: new)';
  return null;
}
