import { createSocket } from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { app, StandInQrs, settingsFor } from '../app-names/stand-in-qrs.ts';
import { Program, ProgramFolder, until } from './program.ts';

let folder: ProgramFolder;
let program: Program;
let qrs: StandInQrs;
beforeEach(async () => {
  folder = new ProgramFolder();
  qrs = await StandInQrs.start();
});
afterEach(async () => {
  await program.end('SIGKILL');
  await qrs.stop();
  folder.dispose();
});

const ID = 'a421f4a2-c311-4ef4-ba41-fe2e6a2b0d6';
const csv = (text: string) => writeFileSync(join(folder.path, 'apps.csv'), text);
const logged = (words: string) => program.log.filter(({ msg }) => String(msg).includes(words));

async function open(appId: string): Promise<void> {
  const socket = createSocket('udp4');
  const line = `/qseow-proxy-connection/;node1;Open connection;LAB;anna;AppAccess;/app/${appId};hello`;
  await new Promise((sent) => socket.send(line, program.udpPort, '127.0.0.1', sent));
  socket.close();
}

/** Names by app id, as each thread has them: of the counts, of the search, of the rows for sinks. */
async function names(): Promise<Record<'counted' | 'found' | 'delivered', Record<string, unknown>>> {
  type Apps = { readonly apps: readonly { readonly appId: string; readonly appName: string | null }[] };
  const byId = ({ apps }: Apps) => Object.fromEntries(apps.map(({ appId, appName }) => [appId, appName]));
  const { items } = await program.get<{ readonly items: readonly Apps[] }>('/api/v1/sessions');
  const rows = program.log.filter(({ table }) => table === 'session_events');
  return {
    counted: byId(await program.get<Apps>('/api/v1/counts')),
    found: byId({ apps: items.flatMap(({ apps }) => apps) }),
    delivered: Object.fromEntries(rows.map((row) => [row['appId'], row['appName']])),
  };
}

it('names come from the configuration, then its file, then QRS, and change in every thread without a restart', async () => {
  qrs.apps = ['1', '2', '3'].map((id) => app(`${ID}${id}`, `${id} of QRS`));
  const { host, port, servername, certificates } = settingsFor(qrs);
  csv(`id,name\n${ID}1,1 of the file\n${ID}2,2 of the file\n`);
  const apps = { file: 'apps.csv', [`${ID}1`]: '1 of the configuration' };
  folder.write(
    `sinks: [ { type: console } ]\napps: ${JSON.stringify({ ...apps, qrs: { host, port, servername, certificates } })}\n`,
  );
  program = await Program.start(folder);
  await until(
    async () => logged('QRS told'),
    (lines) => lines.length === 1,
  );
  // Its thread takes names once it runs.
  await until(
    () => program.get<{ readonly sinks: readonly { readonly up: boolean }[] }>('/api/v1/ingest'),
    ({ sinks }) => sinks[0]?.up === true,
  );
  for (const id of ['1', '2', '3', '4']) await open(`${ID}${id}`);
  const before = {
    [`${ID}1`]: '1 of the configuration',
    [`${ID}2`]: '2 of the file',
    [`${ID}3`]: '3 of QRS',
    [`${ID}4`]: null,
  };
  const all = (expected: object) => ({ counted: expected, found: expected, delivered: expected });
  await until(names, ({ delivered }) => Object.keys(delivered).length === 4);
  expect(await names()).toEqual(all(before));

  csv(`id,name\n${ID}2,"2 of the file, new"\n${ID}4,4 of the file\n`);
  await until(
    async () => logged('app names of the configuration changed'),
    (lines) => lines.length === 1,
  );
  const after = { ...before, [`${ID}2`]: '2 of the file, new', [`${ID}4`]: '4 of the file' };
  await until(names, ({ counted, found }) => counted[`${ID}4`] !== null && found[`${ID}4`] !== null);
  expect(await names()).toMatchObject({ counted: after, found: after, delivered: before });
  for (const id of ['2', '4']) await open(`${ID}${id}`);
  await until(names, ({ delivered }) => delivered[`${ID}4`] !== null);
  expect((await names()).delivered).toEqual(after);

  csv(`id,name\n${ID}2\n`);
  await until(
    async () => logged('the changed configuration has errors'),
    (lines) => lines.length === 1,
  );
  expect(program.log.find(({ problems }) => problems !== undefined)).toMatchObject({
    problems: ['apps.csv:2 expected the name of an app'],
  });
  expect((await names()).counted).toEqual(after);
  expect(await program.get('/api/v1/ingest')).toMatchObject({
    appNames: { server: `127.0.0.1:${port}`, names: 3, error: null },
  });
  expect(logged('need a restart')).toEqual([]);
  expect(await program.stop()).toBe(0);
});
