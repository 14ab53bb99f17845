import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeReceiverContract } from '../receivers/receiver-contract.ts';
import { partsUnderTest, portOf, type ReceiverUnderTest } from '../receivers/receivers-under-test.ts';
import { describeSinkContract } from '../sinks/sink-contract.ts';
import type { SinkUnderTest } from '../sinks/sink-under-test.ts';
import { whoReceiver } from './asking-receiver.ts';
import { noteReceiver } from './listening-receiver.ts';
import { fileSink } from './sink.ts';

/* What CONTRIBUTING shows keeps the promises that it asks for. */

describeReceiverContract(noteReceiver, async (): Promise<ReceiverUnderTest> => {
  const config = noteReceiver.schema.parse({ type: 'note', port: 0 });
  const receiver = noteReceiver.create(config, partsUnderTest('note'));
  const socket = createSocket('udp4');
  let port = 0;
  return {
    receiver,
    provoke: async () => {
      port = portOf(receiver) || port;
      await new Promise((sent) => socket.send('hello', port, '127.0.0.1', sent));
    },
    dispose: async () => {
      socket.close();
      await receiver.stop();
    },
  };
});

describeReceiverContract(whoReceiver, async (): Promise<ReceiverUnderTest> => {
  const server = createServer((_request, response) => void response.end('{"sessions":[]}'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/who`;
  const config = whoReceiver.schema.parse({ type: 'who', url, node: 'sense1', interval: '10ms' });
  const receiver = whoReceiver.create(config, partsUnderTest('who'));
  return {
    receiver,
    // It asks by itself.
    provoke: async () => {},
    dispose: async () => {
      await receiver.stop();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
});

describeSinkContract('file', async (): Promise<SinkUnderTest> => {
  const folder = mkdtempSync(join(tmpdir(), 'headcount-example-'));
  const sinkTo = (path: string) => {
    const config = fileSink.schema.parse({ type: 'file', path });
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
    return fileSink.create(config, parts);
  };
  type Line = { readonly table: string; readonly [key: string]: unknown };
  const lines = (): Line[] => {
    const file = join(folder, 'rows.jsonl');
    if (!existsSync(file)) return [];
    const text = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    return text.map((line) => JSON.parse(line) as Line);
  };
  const identityOf = (table: string) => (table === 'session_events' ? 'eventId' : 'id');
  const sink = sinkTo('rows.jsonl');
  return {
    sink,
    unstarted: () => sinkTo('unstarted.jsonl'),
    // No file keeps anybody waiting; the write is given up before its line is known to be safe.
    stuck: async () => sinkTo('stuck.jsonl'),
    arrived: async (table) => {
      const rows = lines().filter((line) => line.table === table);
      return [...new Set(rows.map((row) => row[identityOf(table)]))];
    },
    userOf: async (eventId) => {
      const user = lines().find((line) => line['eventId'] === eventId)?.['user'] as Record<string, unknown>;
      return [user['directory'], user['id']];
    },
    secrets: [],
    dispose: async () => {
      await sink.stop();
      rmSync(folder, { recursive: true });
    },
  };
});
