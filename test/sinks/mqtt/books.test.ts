import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DeliveryUnderTest } from '../../delivery/delivery-loop-under-test.ts';
import { eventAt } from '../../delivery/visits.ts';
import { StoredSite } from '../../journal/stored-site.ts';
import { EPOCH, SETTINGS } from '../../sessions/model/event-arbitrary.ts';
import { hasMosquitto, Mosquitto } from './mosquitto.ts';
import { Subscriber } from './subscriber.ts';
import { mqttSink } from './under-test.ts';

const TOPIC = 'qliksense/userevent';
/** What the documentation says of Mosquitto, and of subscribers that want everything. */
const KEEPS = ['persistence true', 'autosave_interval 1', 'max_queued_messages 0'];
const SOON = { interval: 2 };
const DURABLE = { clientId: 'durable', clean: false, properties: { sessionExpiryInterval: 3_600 } };

describe.skipIf(!hasMosquitto)('the books of the MQTT sink', () => {
  let stored: StoredSite;
  let folder: string;
  let broker: Mosquitto;
  let subscriber: Subscriber;
  beforeEach(async () => {
    stored = new StoredSite(SETTINGS);
    folder = mkdtempSync(join(tmpdir(), 'headcount-broker-'));
    broker = await Mosquitto.start([...KEEPS, `persistence_location ${folder}/`]);
    subscriber = await Subscriber.of(broker.url, TOPIC, DURABLE);
  });
  afterEach(async () => {
    await subscriber.close();
    await broker.dispose();
    rmSync(folder, { recursive: true });
    stored.dispose();
  });

  function starts(from: number, count: number): void {
    for (let n = from; n < from + count; n += 1) {
      stored.apply(eventAt('session_start', EPOCH + n, `u${n}`), null, null);
    }
    stored.commit(EPOCH + from + count, true);
  }
  const ids = () => subscriber.payloads(TOPIC).map(({ userId }) => userId);
  const firstOnes = () => [...new Set(ids())];
  const all = (count: number) => Array.from({ length: count }, (_, n) => `u${n}`);

  it('add up while the broker is stopped and started, and a subscriber that is known to it misses nothing', async () => {
    const sink = mqttSink({ url: broker.url });
    const under = new DeliveryUnderTest(stored, sink, { batchSize: 100, timeout: 5_000 });
    for (let round = 0; round < 3; round += 1) {
      starts(round * 500, 500);
      const delivering = under.deliver();
      // In the middle of it.
      const before = subscriber.received.length;
      await expect.poll(() => subscriber.received.length, SOON).toBeGreaterThan(before);
      await broker.end('SIGTERM');
      await broker.start();
      await delivering;
      under.checkIdentity();
    }
    expect(under.stats()).toMatchObject({ pending: 0, deadLettered: 0, dropped: {} });
    expect(under.stats().tables.find(({ table }) => table === 'event_lines')).toMatchObject({
      delivered: 1_500,
    });
    await expect.poll(() => firstOnes().length).toBe(1_500);
    // What came twice came again from where it was; the first ones are in order.
    expect(firstOnes()).toEqual(all(1_500));
    under.dispose();
  });

  it('add up when the broker is killed, which may have forgotten what it had taken', async () => {
    const sink = mqttSink({ url: broker.url });
    const under = new DeliveryUnderTest(stored, sink, { batchSize: 100, timeout: 5_000 });
    starts(0, 3_000);
    const delivering = under.deliver();
    await expect.poll(() => subscriber.received.length, SOON).toBeGreaterThan(0);
    await broker.end('SIGKILL');
    expect(under.stats().pending).toBeGreaterThan(0);
    await expect.poll(() => under.troubles).toContainEqual(expect.stringContaining('nothing listens'));
    await broker.start();
    await delivering;
    under.checkIdentity();
    expect(under.stats()).toMatchObject({ pending: 0, deadLettered: 0, dropped: {} });
    under.dispose();
  });

  it('add up when it is stopped in the middle of a batch: what nobody has said to have goes again', async () => {
    const sink = mqttSink({ url: broker.url });
    const under = new DeliveryUnderTest(stored, sink, { batchSize: 2_000, timeout: 5_000 });
    starts(0, 2_000);
    await under.deliver(() => subscriber.received.length > 10);
    under.checkIdentity();
    await under.deliver();
    under.checkIdentity();
    await expect.poll(() => firstOnes().length).toBe(2_000);
    expect(firstOnes()).toEqual(all(2_000));
    under.dispose();
  });
});
