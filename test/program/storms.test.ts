import { createSocket } from 'node:dgram';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Program, ProgramFolder, until } from './program.ts';

interface Ingest {
  readonly accepted: number;
  readonly storms: readonly { user: { id: string }; startsTotal: number; endedAt: string | null }[];
}

const folder = new ProgramFolder('sessions: { storm: 20 }');
let program: Program;
beforeAll(async () => {
  program = await Program.start(folder);
});
afterAll(async () => {
  await program.end('SIGKILL');
  folder.dispose();
});

it('the program says who logs in again and again: once in its log, and in what it answers', async () => {
  const socket = createSocket('udp4');
  const send = (user: string, times: number) => {
    for (let n = 0; n < times; n += 1) {
      const line = `/qseow-proxy-session/;qs1.example.com;Start session;LAB;${user};(null);(null);Start session for user ${n}`;
      socket.send(line, program.udpPort, '127.0.0.1');
    }
  };
  send('\u001b[31m\u202eann', 104);
  send('bob', 19);
  const { storms } = await until(
    () => program.get<Ingest>('/api/v1/ingest'),
    ({ accepted }) => accepted === 123,
  );
  socket.close();
  expect(storms).toMatchObject([{ user: { id: '\u001b[31m\u202eann' }, startsTotal: 104, endedAt: null }]);
  const said = program.log.filter(({ msg }) => String(msg).includes('again and again'));
  expect(said).toHaveLength(1);
  expect(said[0]).toMatchObject({
    ...{ level: 'warn', msg: 'a user logs in again and again' },
    sample: 'LAB\\\u001b[31m\\u{202e}ann on qs1: 20 sessions started within a minute',
  });
});
