import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { registerDeadLetters } from '../../src/commands/dead-letters.ts';
import { registerResend } from '../../src/commands/resend.ts';
import { DeliveryStore } from '../../src/delivery/delivery-store.ts';
import { FEED_NAMES } from '../../src/delivery/feed.ts';
import { runCommand } from './command-under-test.ts';

const NOON = Date.UTC(2026, 10, 20, 12);
const DAY = 86_400_000;

let folder: string;
let store: DeliveryStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headcount-letters-'));
  mkdirSync(join(folder, 'data'));
  store = new DeliveryStore(join(folder, 'data'));
  store.cursor('questdb', 'events', 1);
  store.setAside('questdb', 'events', 7, NOON, 'not a \u001b[2J number', '{"seq":7}');
  store.setAside('questdb', 'events', 9, NOON, 'too long', '{"seq":9}');
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

const deadLetters = (...argv: string[]) => runCommand(registerDeadLetters, ['dead-letters', ...argv], folder);
const resend = (...argv: string[]) =>
  runCommand((program, io) => registerResend(program, io, () => NOON), ['resend', ...argv], folder);

describe('headcount dead-letters', () => {
  it('lists what was set aside and why, with nothing a terminal would obey', async () => {
    const { stdout } = await deadLetters('list');
    expect(stdout).toBe(
      '1  2026-11-20T12:00:00.000Z  questdb  events 7  "not a \\u001b[2J number"\n' +
        '2  2026-11-20T12:00:00.000Z  questdb  events 9  "too long"\n' +
        '2 in all\n',
    );
  });

  it('lists with the rows as JSON lines', async () => {
    const { stdout } = await deadLetters('list', 'questdb', '--json');
    const letters = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(letters).toMatchObject([
      { number: 7, data: '{"seq":7}' },
      { number: 9, reason: 'too long' },
    ]);
  });

  it('asks for one or all to be tried again', async () => {
    expect((await deadLetters('retry', 'questdb', '2')).stdout).toMatch(/^1 to be offered again/);
    expect(store.toRetry('questdb', FEED_NAMES, 10)).toMatchObject([{ id: 2 }]);
    expect((await deadLetters('retry', 'questdb')).stdout).toMatch(/^1 to be offered again/);
    expect(store.toRetry('questdb', FEED_NAMES, 10)).toHaveLength(2);
  });

  it('drops one, or all only where that was said', async () => {
    expect(await deadLetters('drop', 'questdb')).toMatchObject({ exitCode: 64, stdout: '' });
    expect((await deadLetters('drop', 'questdb', '1')).stdout).toBe('1 dropped\n');
    expect((await deadLetters('drop', 'questdb', '--all')).stdout).toBe('1 dropped\n');
    expect((await deadLetters('list')).stdout).toBe('no dead letters\n');
    // Number 7 stands for everything after the cursor, 1 to 7; 9 for 8 and 9.
    expect(store.setAsideCounts('questdb', 'events')).toEqual({ dead: 0, dropped: 9, excluded: 0 });
  });

  it.each(['abc', '1x', '', '0', '-1', '1.5', '1e0', 'NaN'])(
    'does nothing where the id is %j',
    async (id) => {
      for (const verb of ['retry', 'drop']) {
        const { exitCode, stdout, stderr } = await deadLetters(verb, 'questdb', '--', id);
        expect({ exitCode, stdout }).toEqual({ exitCode: 64, stdout: '' });
        expect(stderr).toMatch(/is not the id of a dead letter/);
      }
      expect([...store.list(null)]).toMatchObject([{ state: 'dead' }, { state: 'dead' }]);
    },
  );

  it('never gives an id twice, since it may be noted on a piece of paper', async () => {
    const [, last] = [...store.list(null)];
    if (last !== undefined) store.revived(last);
    store.setAside('questdb', 'events', 11, NOON, 'too long', '{"seq":11}');
    expect((await deadLetters('drop', 'questdb', '2')).stdout).toBe('0 dropped\n');
  });

  it('shows nothing that a terminal may obey, nor text that runs backwards', async () => {
    store.setAside('questdb', 'events', 12, NOON, 'a\u009b2J b\u202ec', '"\u009b2J"');
    for (const stdout of [(await deadLetters('list')).stdout, (await deadLetters('list', '--json')).stdout]) {
      expect(stdout).toContain('a\\u009b2J b\\u202ec');
      expect(stdout).not.toMatch(/[\u007f-\u009f\u202a-\u202e]/);
    }
    const { stdout } = await deadLetters('list', '--json');
    const [, , letter] = stdout.trim().split('\n');
    expect(JSON.parse(letter ?? '')).toMatchObject({ reason: 'a\u009b2J b\u202ec', data: '"\u009b2J"' });
  });

  it('knows which sinks there are', async () => {
    expect(await deadLetters('retry', 'qestdb')).toMatchObject({
      exitCode: 64,
      stderr: 'no sink "qestdb"; there is: questdb\n',
    });
  });

  it('says so where no sink ever got anything, and creates nothing', async () => {
    const { stdout } = await runCommand(registerDeadLetters, ['dead-letters', 'list'], tmpdir());
    expect(stdout).toMatch(/nothing was ever sent to a sink/);
  });
});

describe('headcount resend', () => {
  it.each([
    ['2026-11-19T10:00:00Z', Date.UTC(2026, 10, 19, 10)],
    ['36h', NOON - 1.5 * DAY],
  ])('takes --from %s', async (from, since) => {
    const { exitCode } = await resend('questdb', '--from', from);
    expect(exitCode).toBe(0);
    expect(store.requestedResends('questdb')).toMatchObject([{ since }]);
  });

  it.each([
    [['questdb', '--from', 'yesterday'], /expected a time/],
    [
      ['questdb', '--from', '2026-11-20T12:00:01Z'],
      /2026-11-20T12:00:01\.000Z is in the future; nothing was noted/,
    ],
    [['nobody', '--from', '1d'], /no sink "nobody"; there is: questdb/],
  ])('refuses %j', async (argv, problem) => {
    const { exitCode, stderr } = await resend(...argv);
    expect(exitCode).toBe(64);
    expect(stderr).toMatch(problem);
    expect(store.requestedResends('questdb')).toEqual([]);
  });
});
