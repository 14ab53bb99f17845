import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { mqttSchema } from '../../../sinks/mqtt/mqtt.schema.ts';
import { mqttSink as plugin } from '../../../sinks/mqtt/mqtt.ts';
import type { EventLineRow } from '../../../src/contract/rows.ts';
import { NeedsOperatorError, PoisonRowError, type Sink } from '../../../src/contract/sink.ts';
import { batchOf, countsRow, eventRow, NEVER, NOON } from '../rows-under-test.ts';
import { hasMosquitto, Mosquitto } from './mosquitto.ts';
import { Subscriber } from './subscriber.ts';
import { mqttSink, mute } from './under-test.ts';

const EVENTS = 'qliksense/userevent';
const CASES = resolve(import.meta.dirname, '../../cases');

const row = (seq: number, more: Partial<EventLineRow> = {}): EventLineRow => ({
  ...eventRow(seq),
  line: null,
  ...more,
});

describe.skipIf(!hasMosquitto)('the MQTT sink', () => {
  const toStop: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const stop of toStop.splice(0).toReversed()) await stop();
  });

  async function startBroker(settings: readonly string[] = []): Promise<Mosquitto> {
    const broker = await Mosquitto.start(settings);
    toStop.push(() => broker.dispose());
    return broker;
  }
  async function subscribe(broker: Mosquitto, options = {}): Promise<Subscriber> {
    const subscriber = await Subscriber.of(broker.url, '#', options);
    toStop.push(() => subscriber.close());
    return subscriber;
  }
  function sinkTo(url: string, settings: Readonly<Record<string, unknown>> = {}): Sink {
    const sink = mqttSink({ url, ...settings });
    toStop.push(() => sink.stop());
    return sink;
  }
  async function startSink(url: string, settings: Readonly<Record<string, unknown>> = {}): Promise<Sink> {
    const sink = sinkTo(url, settings);
    await sink.start(NEVER);
    return sink;
  }

  it('publishes each event to the topic of all and to that of its kind, in order', async () => {
    const broker = await startBroker();
    const subscriber = await subscribe(broker);
    const sink = await startSink(broker.url);
    const kinds = [
      'session_start',
      'connection_open',
      'connection_close',
      'session_stop',
      'session_rejected',
    ] as const;
    await sink.write(batchOf('event_lines', ...kinds.map((kind, seq) => row(seq, { kind }))), NEVER);
    await expect.poll(() => subscriber.texts(`${EVENTS}/session/stop`)).toHaveLength(1);
    const topics = subscriber.received
      .filter(({ topic }) => topic.startsWith(EVENTS))
      .map(({ topic }) => topic);
    expect(topics).toEqual([
      ...[EVENTS, `${EVENTS}/session/start`],
      ...[EVENTS, `${EVENTS}/connection/open`],
      ...[EVENTS, `${EVENTS}/connection/close`],
      ...[EVENTS, `${EVENTS}/session/stop`],
    ]);
    expect(subscriber.payloads(EVENTS).map(({ id }) => id)).toEqual([
      'event-0',
      'event-1',
      'event-2',
      'event-3',
    ]);
    expect(subscriber.received.at(-1)).toMatchObject({ qos: 1, retain: false });
  });

  it('leaves out what is switched off, and what polls and restarts have told', async () => {
    const broker = await startBroker();
    const subscriber = await subscribe(broker);
    const topics = {
      everything: { enabled: false },
      sessionStop: { topic: 'gone' },
      sessionRejected: { enabled: true },
    };
    const sink = await startSink(broker.url, { topics, qos: 0, availability: { enabled: false } });
    const rows = [
      row(1, { kind: 'session_start' }),
      row(2, { kind: 'session_start', reason: 'snapshot' }),
      row(3, { kind: 'session_stop', reason: 'restart' }),
      row(4, { kind: 'session_rejected', reason: 'denied' }),
      row(5, { kind: 'session_stop' }),
    ];
    await sink.write(batchOf('event_lines', ...rows), NEVER);
    await expect.poll(() => subscriber.received.map(({ topic }) => topic)).toContain('gone');
    expect(subscriber.received).toMatchObject([
      { topic: `${EVENTS}/session/start`, qos: 0 },
      { topic: `${EVENTS}/session/rejected` },
      { topic: 'gone' },
    ]);
  });

  it('wants no table for what is switched off', () => {
    const off = { enabled: false };
    const kinds = ['everything', 'sessionStart', 'sessionStop', 'connectionOpen', 'connectionClose'];
    const topics = Object.fromEntries(kinds.map((kind) => [kind, off]));
    const tables = (settings: object) => mqttSink({ ...settings }).tables;
    expect(tables({})).toEqual(['event_lines', 'unfiltered_snapshots', 'session_counts']);
    expect(tables({ topics })).toEqual(['unfiltered_snapshots', 'session_counts']);
    expect(tables({ polls: off, counts: off, availability: off })).toEqual(['event_lines']);
    expect(tables({ counts: off })).toContain('session_counts');
  });

  it('publishes whole polls by the name of the server and the virtual proxy', async () => {
    const broker = await startBroker();
    const subscriber = await subscribe(broker);
    const sink = await startSink(broker.url, { polls: { base: 'qlik/' } });
    const poll = { at: NOON, host: 'sense1', sessions: [], answer: '[]' };
    const named = { ...poll, virtualProxy: '/', server: 'sense1.example.com' };
    await sink.write(batchOf('unfiltered_snapshots', named, { ...poll, virtualProxy: '/sales' }), NEVER);
    await expect.poll(() => subscriber.texts('qlik/sense1/usersession/sales')).toEqual(['[]']);
    expect(subscriber.texts('qlik/sense1.example.com/usersession/')).toEqual(['[]']);
  });

  it('leaves the latest counts of the site with the broker', async () => {
    const broker = await startBroker();
    const sink = await startSink(broker.url);
    const counted = (at: number, active: number | null) =>
      countsRow({ at, active, users: active, connections: 1 });
    await sink.write(
      batchOf(
        'session_counts',
        ...[counted(NOON - 2_000, 1), counted(NOON - 1_000, 2), counted(NOON, null)],
        countsRow({ scope: 'host', name: 'node1', active: 9 }),
      ),
      NEVER,
    );
    // Of long ago.
    await sink.write(batchOf('session_counts', counted(NOON - 600_000, 7)), NEVER);
    const subscriber = await subscribe(broker);
    await expect.poll(() => subscriber.texts('headcount/counts')).toHaveLength(1);
    expect(subscriber.payloads('headcount/counts')).toMatchObject([
      { at: new Date(NOON - 1_000).toISOString(), sessions: 2, users: 2, connections: 1 },
    ]);
    expect(subscriber.received[0]).toMatchObject({ retain: true });
  });

  it('says whether it is there: online, offline at its end, and the broker says so when it is cut off', async () => {
    const broker = await startBroker();
    const subscriber = await subscribe(broker);
    const sink = await startSink(broker.url);
    await expect.poll(() => subscriber.texts('headcount/status')).toEqual(['online']);
    await sink.stop();
    await expect.poll(() => subscriber.texts('headcount/status')).toEqual(['online', 'offline']);
    const another = await startSink(broker.url);
    const given = new AbortController();
    given.abort();
    await expect(another.write(batchOf('event_lines', row(1)), given.signal)).rejects.toThrow('in time');
    await expect
      .poll(() => subscriber.texts('headcount/status'))
      .toEqual(['online', 'offline', 'online', 'offline']);
  });

  it('rejects soon while the broker is away, and is there again with it', async () => {
    const broker = await startBroker();
    const sink = await startSink(broker.url);
    await broker.end('SIGKILL');
    await expect(sink.write(batchOf('event_lines', row(1)), NEVER)).rejects.toThrow('broke off');
    await expect(sink.start(NEVER)).rejects.toThrow('nothing listens');
    await broker.start();
    await sink.start(NEVER);
    const subscriber = await subscribe(broker);
    await sink.write(batchOf('event_lines', row(1)), NEVER);
    await expect.poll(() => subscriber.payloads(EVENTS)).toMatchObject([{ id: 'event-1' }]);
  });

  it('holds its own deadline where the broker stops answering, and publishes nothing afterwards', async () => {
    const broker = await startBroker();
    const sink = await startSink(broker.url);
    broker.freeze();
    const rows = Array.from({ length: 300 }, (_, seq) => row(seq));
    const written = sink.write(batchOf('event_lines', ...rows), AbortSignal.timeout(1_000));
    await expect(written).rejects.toThrow(/in time/);
    await expect(sink.start(AbortSignal.timeout(100))).rejects.toThrow('did not answer in time');
    broker.thaw();
    await sink.start(NEVER);
    const subscriber = await subscribe(broker);
    await sink.write(batchOf('event_lines', row(1_000)), NEVER);
    await expect.poll(() => subscriber.payloads(EVENTS)).toMatchObject([{ id: 'event-1000' }]);
  });

  it('has at most a hundred messages under way', async () => {
    const silent = await mute();
    toStop.push(() => silent.close());
    const sink = await startSink(silent.url, { availability: { enabled: false } });
    const rows = Array.from({ length: 5_000 }, (_, seq) => row(seq, { message: 'm'.repeat(1_000) }));
    const stop = new AbortController();
    const written = expect(sink.write(batchOf('event_lines', ...rows), stop.signal)).rejects.toThrow(
      'in time',
    );
    await expect.poll(() => silent.bytes()).toBeGreaterThan(100_000);
    // Nothing that is more would be on its way by then.
    await new Promise((resolve) => setTimeout(resolve, 50));
    stop.abort();
    await written;
    expect(silent.bytes()).toBeLessThan(200_000);
  });

  it('says that only a person can help where the broker refuses it', async () => {
    const broker = await startBroker(['allow_anonymous false']);
    await expect(sinkTo(broker.url).start(NEVER)).rejects.toThrow(NeedsOperatorError);
    const version4 = sinkTo(broker.url, { version: '3.1.1', user: 'u', password: 'wrong' });
    await expect(version4.start(NEVER)).rejects.toThrow(/refuses this sink: .*Not authorized/);
  });

  it('says which topic it may not publish to', async () => {
    const broker = await startBroker(['acl_file /dev/null']);
    const sink = sinkTo(broker.url, { availability: { enabled: false } });
    await sink.start(NEVER);
    const written = sink.write(batchOf('event_lines', row(1)), NEVER);
    await expect(written).rejects.toThrow(NeedsOperatorError);
    await expect(written).rejects.toThrow('qliksense/userevent (not authorized)');
  });

  it('speaks MQTT 3.1.1 where it is told to', async () => {
    const broker = await startBroker();
    const subscriber = await subscribe(broker);
    const sink = await startSink(broker.url, { version: '3.1.1', retain: true });
    await sink.write(batchOf('event_lines', row(1)), NEVER);
    await expect.poll(() => subscriber.payloads(EVENTS)).toMatchObject([{ id: 'event-1' }]);
    const late = await subscribe(broker);
    await expect
      .poll(() => late.received.find(({ topic }) => topic === EVENTS))
      .toMatchObject({ retain: true });
  });

  it('sets a message aside that is too large for the broker, and goes on with the others', async () => {
    const broker = await startBroker(['max_packet_size 2000']);
    const subscriber = await subscribe(broker);
    const sink = await startSink(broker.url);
    const rows = [row(1), row(2, { message: 'm'.repeat(3_000) }), row(3)];
    const refused = sink.write(batchOf('event_lines', ...rows), NEVER);
    await expect(refused).rejects.toThrow(PoisonRowError);
    await expect(refused).rejects.toMatchObject({
      place: 1,
      message: expect.stringContaining('the broker takes 2000'),
    });
    await sink.write(batchOf('event_lines', row(3)), NEVER);
    await expect.poll(() => subscriber.payloads(EVENTS).map(({ id }) => id)).toContain('event-3');
    const topic = batchOf('unfiltered_snapshots', { at: NOON, host: 'a', virtualProxy: '/#', sessions: [] });
    await expect(sink.write(topic, NEVER)).rejects.toThrow('cannot be a topic');
  });

  it('connects with TLS and a certificate of its own, and only to whom it trusts', async () => {
    const server = join(CASES, 'tls-localhost');
    const client = join(CASES, 'tls-clients');
    const broker = await startBroker([
      `certfile ${server}/certificate.pem`,
      `keyfile ${server}/key.pem`,
      `cafile ${client}/ca.pem`,
      'require_certificate true',
    ]);
    const url = broker.url.replace('mqtt:', 'mqtts:').replace('127.0.0.1', 'localhost');
    const own = { cert: `${client}/certificate.pem`, key: `${client}/key.pem` };
    const sink = await startSink(url, { tls: { ...own, ca: `${server}/certificate.pem` } });
    await sink.write(batchOf('event_lines', row(1)), NEVER);
    await expect(sinkTo(url, { tls: own }).start(NEVER)).rejects.toThrow(NeedsOperatorError);
    const nobody = sinkTo(url, { tls: { ca: `${server}/certificate.pem` } });
    await expect(nobody.start(NEVER)).rejects.toThrow(Error);
    const missing = sinkTo(url, { tls: { ca: '/nowhere.pem' } });
    await expect(missing.start(NEVER)).rejects.toThrow('cannot read tls.ca');
  });

  it('has its files and its broker looked at before it is started', async () => {
    const broker = await startBroker();
    const config = mqttSchema.parse({ type: 'mqtt', url: broker.url });
    expect(await plugin.examineFiles?.(config, '.')).toEqual([]);
    expect(await plugin.examine?.(config, '.', NEVER)).toEqual([
      expect.stringContaining('takes connections'),
    ]);
    const file = join(broker.folder, 'none.pem');
    writeFileSync(file, 'no certificate');
    const broken = mqttSchema.parse({
      type: 'mqtt',
      url: 'mqtts://localhost',
      tls: { cert: file, key: file },
    });
    expect(await plugin.examineFiles?.(broken, '.')).toMatchObject([{ path: ['tls'], isProblem: true }]);
  });
});

describe('the settings of the MQTT sink', () => {
  const problems = (settings: object): string[] =>
    mqttSchema.safeParse({ type: 'mqtt', ...settings }).error?.issues.map(({ message }) => message) ?? [];

  it('refuse what cannot work', () => {
    expect(problems({})).toEqual([]);
    expect(problems({ version: 5 })).toEqual([]);
    expect(problems({ version: 4 })).toEqual(['expected 5 or 3.1.1']);
    expect(problems({ url: 'mqtt://u:p@broker' })).toEqual([
      'credentials go into "user" and "password", not into the URL',
    ]);
    expect(problems({ url: 'http://broker' })[0]).toContain('expected a URL such as "mqtt://127.0.0.1:1883"');
    expect(problems({ url: 'mqtt://broker/path' })[0]).toContain('nothing behind the port');
    expect(problems({ password: 'p' })).toEqual(['a user is missing beside it']);
    expect(problems({ tls: { ca: 'x' } })).toEqual(['the URL says mqtt, not mqtts']);
    expect(problems({ url: 'mqtts://b', tls: { cert: 'x' } })[0]).toContain('one of them is missing');
    expect(problems({ counts: { topic: 'a/#' } })[0]).toContain('without "+" and "#"');
    const off = { enabled: false };
    const kinds = ['everything', 'sessionStart', 'sessionStop', 'connectionOpen', 'connectionClose'];
    const topics = Object.fromEntries(kinds.map((kind) => [kind, off]));
    expect(problems({ topics, polls: off, counts: off })).toEqual(['nothing would be published']);
  });
});
