import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Program, ProgramFolder } from './program.ts';

let folder: ProgramFolder;
beforeEach(() => {
  folder = new ProgramFolder();
});
afterEach(() => folder.dispose());

async function statusOfReady(program: Program, host: string): Promise<number> {
  const { port } = new URL(program.api);
  return (await fetch(`http://${host}:${port}/readyz`)).status;
}

const PRELOAD = pathToFileURL(`${import.meta.dirname}/preload-no-interfaces.ts`).href;

it('it starts where the network interfaces cannot be listed', async () => {
  writeFileSync(
    folder.config,
    'receivers: []\napi: { host: 0.0.0.0, port: 0, insecure: true }\nlog: { format: json }\n',
  );
  const program = await Program.start(folder, ['env', `NODE_OPTIONS=--import=${PRELOAD}`]);
  expect(await statusOfReady(program, '127.0.0.1')).toBe(200);
  expect(await program.stop()).toBe(0);
});

it('receivers without a name are called after their type, with a number where another one is called so', async () => {
  const place = 'host: 127.0.0.1, port: 0';
  writeFileSync(
    folder.config,
    `receivers:
  - { type: tcp, ${place} }
  - { type: tcp, ${place} }
  - { type: udp, ${place}, name: tcp }
  - { type: udp, ${place} }
api: { port: 0 }
log: { format: json }
`,
  );
  const program = await Program.start(folder);
  const { receivers } = await program.get<{ receivers: { name: string }[] }>('/api/v1/ingest');
  expect(receivers.map(({ name }) => name)).toEqual(['tcp-2', 'tcp-3', 'tcp', 'udp', 'http']);
  expect(await program.stop()).toBe(0);
});

it.each(['localhost', '::', '0.0.0.0'])('the API listens on %s', async (host) => {
  writeFileSync(
    folder.config,
    `receivers: []\napi: { host: "${host}", port: 0, insecure: true }\nlog: { format: json }\n`,
  );
  const program = await Program.start(folder);
  expect(await statusOfReady(program, host === 'localhost' ? host : '127.0.0.1')).toBe(200);
  expect(await program.stop()).toBe(0);
});
