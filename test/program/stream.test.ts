import { afterEach, beforeEach, expect, it } from 'vitest';
import { StreamClient } from '../api/stream/stream-client.ts';
import { Program, ProgramFolder, until } from './program.ts';

interface Events {
  readonly items: readonly { readonly seq: number; readonly eventId: string }[];
}

const ROUNDS = 4;

let folder: ProgramFolder;
let program: Program;
beforeEach(async () => {
  folder = new ProgramFolder();
  program = await Program.start(folder);
});
afterEach(async () => {
  await program.end('SIGKILL');
  folder.dispose();
});

/** Posts until told to end, each event again until it is answered, whichever program is there. */
async function send(isOver: () => boolean): Promise<number> {
  let sent = 0;
  while (!isOver()) {
    const items = Array.from({ length: 20 }, () => ({
      type: 'session_start',
      id: `e${sent++}`,
      user: { directory: 'LAB', id: `u${sent % 50}` },
      host: 'qs1',
    }));
    await until(
      () =>
        fetch(`${program.api}/api/v1/events`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(items),
        }).then(
          ({ status }) => status,
          () => 0,
        ),
      (status) => status === 202,
    );
  }
  return sent;
}

it('a stream tells each event once and in order, whichever side goes away and comes back', async () => {
  const client = new StreamClient();
  const stream = () => `${program.api}/api/v1/stream?events=1`;
  await client.connect(stream());
  let over = false;
  const sending = send(() => over);
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = client.seqs.length;
    await until(
      async () => client.seqs.length,
      (count) => count > before + 100,
    );
    // The client alone, then the program under it.
    client.disconnect();
    await client.connect(stream());
    await program.end(round % 2 === 0 ? 'SIGKILL' : 'SIGTERM');
    client.disconnect();
    program = await Program.start(folder);
    await client.connect(stream());
  }
  over = true;
  const sent = await sending;
  await until(
    async () => client.seqs.length,
    (count) => count >= sent,
  );
  client.disconnect();
  expect(client.seqs).toEqual(Array.from({ length: sent }, (_, n) => n + 1));
  expect(client.of('missed')).toEqual([]);
  const { items } = await program.get<Events>('/api/v1/events?limit=1000');
  const told = client.of('event').map(({ data }) => (data as { eventId: string }).eventId);
  expect(told.slice(-items.length)).toEqual(items.map(({ eventId }) => eventId).reverse());
});
