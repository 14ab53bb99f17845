import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import { z } from 'zod';
import { Mosquitto } from '../../test/sinks/mqtt/mosquitto.ts';
import { type Received, Subscriber } from '../../test/sinks/mqtt/subscriber.ts';
import { type Headcount, startHeadcount } from '../headcount.ts';
import { measureLoad } from '../measure.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { median, spread } from '../statistics.ts';

const RATE = 20_000;
const USERS = 2_000;
/** As the sink has. */
const IN_FLIGHT = 100;
const POLL_MS = 25;
const TARGET_RATIO = 0.7;

const ingestSchema = z.object({
  sinks: z
    .array(
      z.object({
        tables: z.array(z.object({ table: z.string(), delivered: z.number(), pending: z.number() })),
      }),
    )
    .length(1),
});

export const mqttMessages: Scenario = {
  name: 'mqtt-messages',
  method:
    'messages a second with QoS 1 out of the journal into Mosquitto after an outage, over what the client library alone ' +
    'publishes of the same messages from memory, with as many under way, in the same round',
  async run(bench) {
    // For whoever collects messages: else it drops what is more than a thousand ahead of a subscriber.
    const broker = await Mosquitto.start(['max_queued_messages 0']);
    bench.processes.atEnd(() => void broker.end('SIGKILL'));
    const folder = bench.processes.createFolder();
    const sinks = [{ type: 'mqtt', url: broker.url }];
    const headcount = await startHeadcount(bench, folder, { sinks });
    const messages = await messagesOf(bench, headcount, broker);
    const rates = { ours: [] as number[], bare: [] as number[] };
    for (let round = 0; round < (bench.quick ? 1 : 5); round += 1) {
      rates.ours.push(await ownRate(bench, headcount, broker, round));
      rates.bare.push(await bareRate(broker.url, messages, bench.quick ? 20_000 : 200_000));
      bench.say(
        `  round ${round + 1}: ${rates.ours.at(-1)?.toFixed(0)} messages/s, bare ${rates.bare.at(-1)?.toFixed(0)}`,
      );
    }
    await headcount.stop();
    await broker.dispose();
    bench.processes.removeFolder(folder);
    const ratios = rates.ours.map((rate, round) => rate / (rates.bare[round] ?? Number.NaN));
    return [
      {
        what: 'messages a second to an MQTT broker with QoS 1, Headcount / bare client',
        target: `>= ${TARGET_RATIO}`,
        measured: spread(ratios),
        yardstick: `bare ${spread(rates.bare, 0, ' messages/s')}`,
        met: median(ratios) >= TARGET_RATIO,
      },
    ];
  },
};

/** What is published of some events: two messages each. */
async function messagesOf(
  bench: Bench,
  headcount: Headcount,
  broker: Mosquitto,
): Promise<readonly Received[]> {
  const subscriber = await Subscriber.of(broker.url, 'qliksense/#');
  const count = 5_000;
  await measureLoad(bench, headcount, {
    stream: { type: 'life', users: USERS, from: 0 },
    count,
    rate: 2_000,
  });
  while (subscriber.received.length < 2 * count) await sleep(POLL_MS);
  await subscriber.close();
  return subscriber.received;
}

async function linesOf(
  headcount: Headcount,
): Promise<{ readonly delivered: number; readonly pending: number }> {
  const [sink] = ingestSchema.parse(await headcount.ingest()).sinks;
  const lines = sink?.tables.find(({ table }) => table === 'event_lines');
  if (lines === undefined) throw new Error('no sink');
  return lines;
}

async function ownRate(
  bench: Bench,
  headcount: Headcount,
  broker: Mosquitto,
  round: number,
): Promise<number> {
  const count = RATE * (bench.quick ? 1 : 5);
  await broker.end('SIGTERM');
  const stream = { type: 'life', users: USERS, from: (round + 1) * count } as const;
  await measureLoad(bench, headcount, { stream, count, rate: RATE });
  await sleep(1_500);
  const before = await linesOf(headcount);
  await broker.start();
  let first = await linesOf(headcount);
  while (first.delivered === before.delivered) {
    await sleep(POLL_MS);
    first = await linesOf(headcount);
  }
  const startedAt = performance.now();
  let last = first;
  while (last.pending > 0) {
    await sleep(POLL_MS);
    last = await linesOf(headcount);
  }
  return ((last.delivered - first.delivered) * 2_000) / (performance.now() - startedAt);
}

async function bareRate(url: string, messages: readonly Received[], count: number): Promise<number> {
  const client = await connectAsync(url, { protocolVersion: 5 });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const startedAt = performance.now();
  let next = 0;
  let acknowledged = 0;
  const publish = (): void => {
    const { topic, text } = messages[next++ % messages.length] as Received;
    client.publish(topic, text, { qos: 1 }, (error) => {
      if (error) return reject(error);
      acknowledged += 1;
      if (acknowledged === count) resolve();
      else if (next < count) publish();
    });
  };
  for (let n = 0; n < IN_FLIGHT; n += 1) publish();
  await promise;
  const seconds = (performance.now() - startedAt) / 1_000;
  await client.endAsync();
  return count / seconds;
}
