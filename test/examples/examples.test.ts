import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { byType } from '../../src/contract/plugin.ts';
import { isListening, type Receiver } from '../../src/contract/receiver.ts';
import { createParser, FORMATS } from '../../src/formats/index.ts';
import { DeliveryUnderTest } from '../delivery/delivery-loop-under-test.ts';
import { applyVisits } from '../delivery/visits.ts';
import { StoredSite } from '../journal/stored-site.ts';
import { partsUnderTest, portOf, RecordingIntake, until } from '../receivers/receivers-under-test.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { whoReceiver } from './asking-receiver.ts';
import { logonFormat } from './format.ts';
import { noteReceiver } from './listening-receiver.ts';
import { fileSink } from './sink.ts';

/*
 * The examples that CONTRIBUTING quotes do what it says of them, and it quotes them word for word: before a block of code
 * stands `<!-- example: test/examples/sink.ts -->`.
 */

const HERE = import.meta.dirname;
const ROOT = join(HERE, '../..');
const EXAMPLES = readdirSync(HERE).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
const MOST_LINES = 74;

const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

describe('CONTRIBUTING', () => {
  const text = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
  const quoted = new Map(
    [...text.matchAll(/<!-- example: (\S+) -->\s*```ts\n(.*?)```/gs)].map(([, file = '', code = '']) => [
      file,
      code,
    ]),
  );

  it.each(EXAMPLES)('quotes %s as it is, or not at all', (name) => {
    const code = quoted.get(`test/examples/${name}`);
    if (code !== undefined) expect(code).toBe(readFileSync(join(HERE, name), 'utf8'));
  });

  it('quotes no file that is not there', () => {
    const marked = [...text.matchAll(/<!-- example: (\S+) -->/g)].map(([, file]) => file);
    expect(marked).toEqual([...quoted.keys()]);
    for (const file of marked) expect(EXAMPLES.map((name) => `test/examples/${name}`)).toContain(file);
  });

  it.each(EXAMPLES)('need not quote more than a screen of %s', (name) => {
    expect(readFileSync(join(HERE, name), 'utf8').trimEnd().split('\n').length).toBeLessThan(MOST_LINES);
  });
});

describe('a format', () => {
  const arrival = { receivedAt: EPOCH, sender: { address: '192.0.2.1', port: 4242 } };
  const parse = createParser([...FORMATS, logonFormat]);

  it('is a prefix and a parser in the list', () => {
    expect(parse('/logon/;SENSE1.example.com;in;LAB;anna', arrival)).toMatchObject({
      kind: 'session_start',
      host: 'sense1',
      user: { directory: 'LAB', id: 'anna' },
      at: EPOCH,
    });
    expect(parse('/logon/;sense1;out;LAB;anna', arrival)).toMatchObject({ kind: 'session_stop' });
  });

  it('says why a line is no event', () => {
    expect(parse('/logon/;sense1;in', arrival)).toBe('missing_fields');
    expect(parse('/logon/;sense1;lost;LAB;anna', arrival)).toBe('unknown_command');
    expect(parse(`/logon/;sense1;in;LAB;${'a'.repeat(2_000)}`, arrival)).toBe('field_too_long');
  });
});

describe('a receiver', () => {
  const schema = byType('receiver', [noteReceiver, whoReceiver] as const);
  let intake: RecordingIntake;
  beforeEach(() => {
    intake = new RecordingIntake();
  });

  async function started(receiver: Receiver): Promise<Receiver> {
    ended.push(() => receiver.stop());
    await receiver.start(intake);
    return receiver;
  }

  it('that listens hands over what it is sent, from whom it may', async () => {
    const create = (settings: object) =>
      noteReceiver.create(
        noteReceiver.schema.parse({ type: 'note', port: 0, ...settings }),
        partsUnderTest('note'),
      );
    const open = await started(create({}));
    const closed = await started(create({ allow: ['192.0.2.1'] }));
    const socket = createSocket('udp4');
    ended.push(() => socket.close());
    for (const receiver of [open, closed]) socket.send('hello', portOf(receiver), '127.0.0.1');
    await until(() => intake.texts.length === 1 && intake.refused.length === 1);
    expect([intake.texts, intake.refused]).toEqual([['hello'], ['not_allowed']]);
    await open.stop();
    expect(open.stats()).toEqual({ name: 'note', listening: [], received: 1, kernelDropped: null });
  });

  /** Holds every answer back until the test gives it. */
  async function whoServer() {
    const waiting: ServerResponse[] = [];
    const server = createServer((_request, response) => void waiting.push(response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ended.push(async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/who`;
    const config = whoReceiver.schema.parse({ type: 'who', url, node: 'sense1', interval: '10ms' });
    const answer = async (status: number, body: string) => {
      await until(() => waiting.length > 0);
      expect(waiting).toHaveLength(1);
      waiting.splice(0)[0]?.writeHead(status).end(body);
    };
    const troubles: string[] = [];
    const trouble = (kind: string, sample: string) => void troubles.push(`${kind}: ${sample}`);
    const receiver = whoReceiver.create(config, { ...partsUnderTest('who'), trouble });
    return { receiver, answer, waiting, troubles };
  }

  it('that asks hands over whole answers alone, one question at a time', async () => {
    const { receiver, answer } = await whoServer();
    await started(receiver);
    const sessions = [{ id: 'a', user: { directory: 'LAB', id: 'anna' } }];
    await answer(200, JSON.stringify({ sessions }));
    await answer(500, JSON.stringify({ sessions: [] }));
    await answer(200, '{"sessions":[{"id":"a"');
    await answer(200, JSON.stringify({ sessions: [] }));
    await until(() => intake.snapshots.length === 2);
    const at = 1_700_000_000_000;
    expect(intake.snapshots).toMatchObject([
      { host: 'sense1', virtualProxy: '/', at, sessions },
      { host: 'sense1', virtualProxy: '/', at, sessions: [] },
    ]);
    expect(receiver.stats()).toEqual({ name: 'who', received: 2, kernelDropped: null });
  });

  it('that asks does not call it a failed poll where a good answer is refused', async () => {
    const { receiver, answer, troubles } = await whoServer();
    intake.snapshot = async () => Promise.reject(new Error('too many'));
    await started(receiver);
    await answer(200, JSON.stringify({ sessions: [] }));
    await until(() => troubles.length === 1);
    await answer(500, '');
    await until(() => intake.failures.length === 1);
    expect(troubles).toEqual([
      'who: a snapshot could not be taken: too many',
      expect.stringMatching(/^who learns nothing from http.*: HTTP 500$/),
    ]);
  });

  it('that asks hands over nothing once it is stopped, and is stopped while a question is under way', async () => {
    const { receiver, waiting } = await whoServer();
    await started(receiver);
    await until(() => waiting.length === 1);
    await receiver.stop();
    waiting[0]?.end('{"sessions":[]}');
    expect(intake.snapshots).toEqual([]);
  });

  it('needs an address only where it listens', () => {
    const note = schema.parse({ type: 'note' });
    const who = schema.parse({ type: 'who', url: 'http://127.0.0.1:4243/who', node: 'sense1' });
    expect([note, who].map(isListening)).toEqual([true, false]);
  });
});

describe('a sink', () => {
  it('gets the two tables that it wants, and no half line where a write had failed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'headcount-example-'));
    const stored = new StoredSite(SETTINGS);
    applyVisits(stored, 5, EPOCH);
    const config = fileSink.schema.parse({ type: 'file', path: 'rows.jsonl' });
    const parts = {
      name: 'file',
      storeId: 'store',
      lastSeq: () => 0,
      madeTable: () => {},
      site: 'main',
      offerAgain: (_table: string, after: number) => after + 1,
      doneThrough: () => 0,
      report: () => null,
      now: () => 0,
      folder,
      print: async () => {},
    };
    const sink = fileSink.create(config, parts);
    const file = join(folder, config.path);
    let failures = 2;
    const failing = {
      ...sink,
      write: async (...args: Parameters<typeof sink.write>) => {
        if (failures-- <= 0) return sink.write(...args);
        // As where the disk is full.
        appendFileSync(file, '{"table":"session_');
        throw new Error('no space left');
      },
    };
    const under = new DeliveryUnderTest(stored, failing);
    ended.push(() => under.dispose());
    ended.push(() => stored.dispose());
    ended.push(() => rmSync(folder, { recursive: true }));
    await under.deliver();
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const tables = lines.map((line) => (JSON.parse(line) as { table: string }).table);
    expect(Map.groupBy(tables, (table) => table).get('session_events')).toHaveLength(10);
    expect(tables).toHaveLength(15);
    expect(under.stats().tables.map(({ table, delivered }) => [table, delivered])).toEqual([
      ['session_events', 10],
      ['sessions', 5],
    ]);
    under.checkIdentity();
  });
});
