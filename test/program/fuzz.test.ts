import { expect, it } from 'vitest';
import { fuzzApi } from './http-fuzz.ts';
import { Program, ProgramFolder } from './program.ts';

it('no request makes the API fail, however broken it is', async () => {
  const folder = new ProgramFolder('', '  - { type: exceptionless }\n');
  const program = await Program.start(folder);
  try {
    const statuses = new Map<number, number>();
    expect(await fuzzApi(Number(new URL(program.api).port), 300, Date.now(), statuses)).toEqual([]);
    // Not all of it was refused at the door.
    expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 202, 400]));
    expect(program.log.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
    expect(await program.get('/healthz')).toMatchObject({ status: 'ok' });
    expect(await program.stop()).toBe(0);
  } finally {
    await program.end('SIGKILL');
    folder.dispose();
  }
});
