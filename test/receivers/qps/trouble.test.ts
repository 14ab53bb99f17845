import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pauseAfter, roughly, untilNext } from '../../../receivers/qps/pace.ts';
import { until } from '../receivers-under-test.ts';
import { CERTIFICATES, startPolls, startStandIn } from './under-test.ts';

describe('trouble with polls', () => {
  it('is said once a minute, with its cause and the remedy, and so is its end', async () => {
    const standIn = await startStandIn();
    standIn.faults.set('*', { status: 403 });
    const { intake, world, lines, troubles } = await startPolls({ port: standIn.port });
    for (let poll = 1; poll <= 3; poll += 1) {
      await until(() => intake.answered === poll && world.pauses.length === 1);
      world.pass(30_000);
    }
    await until(() => intake.answered === 4 && world.pauses.length === 1);
    const sample =
      'it refused the request (status 403); the client certificate must be exported from the QMC of this site';
    const kind = 'qps: poll of sense1 / failed, refused';
    expect(lines).toEqual([{ level: 'warn', fields: { kind, sample }, message: kind }]);
    troubles.flush();
    expect(lines[1]).toMatchObject({ message: `${kind}, in the last minute`, fields: { count: 3, sample } });
    standIn.faults.clear();
    world.pass(150_000);
    await until(() => intake.snapshots.length === 1);
    expect(lines.slice(2)).toEqual([
      {
        level: 'info',
        fields: { receiver: 'qps', host: 'sense1', virtualProxy: '/' },
        message: 'polls of sense1 / work again after 4 min',
      },
    ]);
  });

  it('makes the pauses longer while a server does not answer at all, and ends with the first answer', async () => {
    const standIn = await startStandIn();
    const { port } = standIn;
    await standIn.stop();
    const { intake, world, lines } = await startPolls({ port, virtualProxies: ['/', '/sales'] });
    const pauses: (number | undefined)[] = [];
    for (let round = 1; round <= 6; round += 1) {
      await until(() => intake.failures.length === 2 * round && world.pauses.length === 1);
      pauses.push(world.pauses[0]);
      if (round < 6) world.pass(world.pauses[0] ?? 0);
    }
    expect(pauses).toEqual([30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
    const said = lines.filter(({ level }) => level === 'info').map(({ message }) => message);
    expect(said).toEqual(
      ['60 s', '2 min', '4 min', '5 min'].map(
        (pause) => `sense1 does not answer at all; asked again in ${pause}`,
      ),
    );
    const back = await startStandIn('server', port);
    back.sessions.set('sales', []);
    world.pass(300_000);
    await until(() => intake.snapshots.length === 2 && world.pauses.length === 1);
    expect(world.pauses).toEqual([30_000]);
    expect(lines.at(-1)?.message).toBe('polls of sense1 /sales work again after 18 min');
  });

  it('makes no pause longer where a server answers badly', async () => {
    const standIn = await startStandIn();
    standIn.faults.set('*', { status: 500 });
    const { intake, world } = await startPolls({ port: standIn.port });
    for (let poll = 1; poll <= 4; poll += 1) {
      await until(() => intake.answered === poll && world.pauses.length === 1);
      expect(world.pauses).toEqual([30_000]);
      world.pass(30_000);
    }
  });

  it('with certificates ends as soon as they are renewed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'headcount-qps-'));
    const certificates = { ...CERTIFICATES, cert: join(folder, 'client.pem') };
    const standIn = await startStandIn();
    const { intake, receiver, world } = await startPolls({ port: standIn.port }, { certificates });
    for (let round = 1; round <= 3; round += 1) {
      await until(() => intake.answered === round && world.pauses.length === 1);
      if (round < 3) world.pass(300_000);
    }
    copyFileSync(CERTIFICATES.cert, certificates.cert);
    await receiver.lookAgain();
    await until(() => intake.snapshots.length === 1);
    rmSync(folder, { recursive: true });
  });

  it('leaves connections that work alone, and takes renewed certificates with the next round', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'headcount-qps-'));
    const certificates = { ...CERTIFICATES, ca: join(folder, 'root.pem') };
    copyFileSync(CERTIFICATES.ca, certificates.ca);
    const standIn = await startStandIn();
    const { intake, receiver, world } = await startPolls({ port: standIn.port }, { certificates });
    await until(() => world.pauses.length === 1);
    // Not the authority of the server: whoever still uses the old connection would not notice.
    copyFileSync(CERTIFICATES.cert, certificates.ca);
    await receiver.lookAgain();
    world.pass(30_000);
    await until(() => intake.answered === 2);
    expect([intake.snapshots.length, intake.failures.length]).toEqual([1, 1]);
    rmSync(folder, { recursive: true });
  });
});

describe('the pace of polls', () => {
  it.each([
    [0, 30_000, 30_000],
    [1, 30_000, 30_000],
    [2, 30_000, 60_000],
    [5, 30_000, 300_000],
    [1e9, 30_000, 300_000],
    [4, 600_000, 600_000],
  ])('after %d silent rounds with an interval of %d ms is %d ms', (silent, interval, pause) => {
    expect(pauseAfter(silent, interval)).toBe(pause);
  });

  it.each([
    [0, 30_000],
    [4_000, 26_000],
    [30_000, 0],
    [31_000, 29_000],
    [95_000, 25_000],
    [-500, 30_000],
  ])('leaves out what a round of %d ms has missed', (took, rest) => {
    expect(untilNext(30_000, took)).toBe(rest);
  });

  it.each([
    [400, '0 s'],
    [90_000, '90 s'],
    [240_000, '4 min'],
    [3 * 3_600_000, '3 h'],
  ])('says %d ms as people do', (ms, said) => {
    expect(roughly(ms)).toBe(said);
  });
});
