import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createXrfKey } from '../../src/app-names/app-names.ts';
import { fetchAppNames } from '../../src/app-names/qrs.ts';
import { senseFile } from '../receivers/qps/stand-in.ts';
import { app, type Fault, StandInQrs, settingsFor } from './stand-in-qrs.ts';

let qrs: StandInQrs;
beforeEach(async () => {
  qrs = await StandInQrs.start();
});
afterEach(() => qrs.stop());

const ask = (more: object = {}, timeoutMs = 10_000) =>
  fetchAppNames({
    settings: settingsFor(qrs, more),
    folder: '.',
    key: createXrfKey(),
    signal: AbortSignal.timeout(timeoutMs),
  });

/** The message of a question that fails, without the place that it begins with. */
const failure = async (question: Promise<unknown>) => {
  const message = await question.then(
    () => 'it was answered',
    (error: Error) => error.message,
  );
  expect(message).toMatch(/^127\.0\.0\.1:\d+: /);
  return message.replace(/^127\.0\.0\.1:\d+: /, '');
};

describe('names of apps, asked of QRS', () => {
  it('come with the key, the user and the certificate that QRS wants', async () => {
    qrs.apps = [app('A421F4A2-C311', 'Sales'), app('2', 'Größe; 日本')];
    expect(Object.fromEntries(await ask())).toEqual({ 'a421f4a2-c311': 'Sales', '2': 'Größe; 日本' });
    expect(qrs.keys[0]).toMatch(/^[A-Za-z]{16}$/);
    expect(createXrfKey()).not.toBe(createXrfKey());
  });

  it('are none where there are no apps', async () => {
    expect((await ask()).size).toBe(0);
  });

  it('have no control characters, and a blank one is none', async () => {
    qrs.apps = [app('1', ' Sales\n\u0007 2026 '), app('2', '\t'), app('3', null), { ID: '4', Name: 'Stock' }];
    expect(Object.fromEntries(await ask())).toEqual({ '1': 'Sales   2026', '4': 'Stock' });
  });

  it('of 20,000 apps, 5 MB, are read while everything else goes on', async () => {
    qrs.apps = Array.from({ length: 20_000 }, (_, n) => app(`app-${n}`, `Name ${n}`.padEnd(100, '.')));
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 1);
    const names = await ask();
    clearInterval(timer);
    expect(names.size).toBe(20_000);
    expect(turns).toBeGreaterThan(3);
  });

  it.each<[Fault, string]>([
    [{ status: 403 }, 'it refused the request (status 403); the client certificate must be'],
    [{ status: 302 }, 'its answer is no list of apps (status 302); is it the port of QRS, 4242?'],
    [{ status: 500 }, 'it failed on its side (status 500); look into the log of its repository service'],
    [{ body: '<html>' }, 'its answer is no list of apps; is it the port'],
    [{ body: '{}' }, 'its answer is no list of apps; is it the port'],
    [{ body: '' }, 'its answer is no list of apps; is it the port'],
    [{ body: '[{"name":"x"}]' }, 'its answer is no list of apps; is it the port'],
    [{ body: '[1]' }, 'its answer is no list of apps; is it the port'],
    [{ body: '[{"id":"1"}' }, 'its answer ended in the middle; look for what cuts connections'],
    ['cut', 'its answer ended in the middle'],
    ['reset', 'it closed the connection without an answer'],
  ])('are not taken of an answer like %j, and it is said why', async (fault, words) => {
    qrs.apps = [app('1', 'Sales')];
    qrs.fault = fault;
    expect(await failure(ask())).toContain(words);
  });

  it('are not waited for without end', async () => {
    qrs.fault = 'hang';
    expect(await failure(ask({}, 300))).toBe(
      'no whole answer in time; look how busy the node is, or raise "timeout"',
    );
  });

  it('are not asked for with certificates that do not go together, are of another site, or of another name', async () => {
    const files = (cert: string, key: string, ca = 'root') => ({
      certificates: { cert: senseFile(cert), key: senseFile(key), ca: senseFile(ca) },
    });
    expect(await failure(ask(files('client', 'server_key')))).toContain('key values mismatch');
    expect(await failure(ask(files('gone', 'client_key')))).toContain('ENOENT');
    expect(await failure(ask(files('foreign-client', 'foreign-client_key')))).toMatch(
      /closed the connection without an answer/,
    );
    expect(await failure(ask({ servername: 'sense2' }))).toContain('its certificate is for another name');
    expect(await failure(ask(files('client', 'client_key', 'foreign-client')))).toMatch(
      /not of the authority in certificates\.ca/,
    );
  });

  it('are not there where nobody listens', async () => {
    const gone = await StandInQrs.start();
    const { port } = gone;
    await gone.stop();
    expect(await failure(ask({ port }))).toContain('no connection (connect ECONNREFUSED');
  });
});
