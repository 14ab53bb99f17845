import { describe, expect, it } from 'vitest';
import {
  appenderCommand,
  isFirstVisit,
  listeningOf,
  TEST_HOST,
  takesEvents,
} from '../../src/page/welcome/first-steps.ts';

type Counts = NonNullable<Parameters<typeof isFirstVisit>[0]>;
type Receivers = Parameters<typeof listeningOf>[0];

const counts = (hosts: string[], created: number, rejected = 0) =>
  ({
    hosts: hosts.map((host) => ({ host })),
    created: { total: created },
    rejected: { total: rejected },
  }) as unknown as Counts;

describe('a first visit', () => {
  it('is one as long as nothing but test lines has come', () => {
    expect(isFirstVisit(null)).toBe(false);
    expect(isFirstVisit(counts([], 0))).toBe(true);
    expect(isFirstVisit(counts([TEST_HOST], 1))).toBe(true);
    expect(isFirstVisit(counts([TEST_HOST, 'node1'], 1))).toBe(false);
    // Nobody has been on for long, so that hosts are forgotten.
    expect(isFirstVisit(counts([], 5))).toBe(false);
    expect(isFirstVisit(counts([], 0, 1))).toBe(false);
  });

  it.each([
    ['sense-monitor', 9997, 'proxy', '--host sense-monitor --output LocalLogConfig.xml'],
    ['192.0.2.10', 9000, 'proxy', '--host 192.0.2.10 --port 9000 --output LocalLogConfig.xml'],
    ['[2001:db8::1]', 9997, 'proxy', '--host 2001:db8::1 --output LocalLogConfig.xml'],
    [
      'localhost',
      9997,
      'repository',
      '--host ADDRESS-OF-THIS-MACHINE --service repository --output LocalLogConfig.xml',
    ],
    ['127.0.0.1', 9997, 'proxy', '--host ADDRESS-OF-THIS-MACHINE --output LocalLogConfig.xml'],
    ['[::1]', 9997, 'proxy', '--host ADDRESS-OF-THIS-MACHINE --output LocalLogConfig.xml'],
  ] as const)('at %s, port %i, has the command of the %s service', (hostname, port, service, options) => {
    expect(appenderCommand(hostname, port, service)).toBe(`npm run headcount -- appender ${options}`);
  });

  it('says where lines are listened for, and whether anybody else can send there', () => {
    const udp = (...listening: string[]) =>
      [
        { name: 'tcp', listening: ['0.0.0.0:9998'] },
        { name: 'x', listening, receiveBufferBytes: 1 },
      ] as unknown as Receivers;
    expect(listeningOf(udp('0.0.0.0:9997', '[::]:9997'))).toEqual({ port: 9997, isLocal: false });
    expect(listeningOf(udp('127.0.0.1:23001'))).toEqual({ port: 23_001, isLocal: true });
    expect(listeningOf(udp('[::1]:9997'))).toEqual({ port: 9997, isLocal: true });
    expect(listeningOf(udp())).toBe(null);
    expect(listeningOf([])).toBe(null);
  });

  it('offers a test line only where the API takes events', () => {
    const http = { name: 'http', listening: ['http://127.0.0.1:9999/api/v1/events'] };
    expect(
      [[http], [{ name: 'udp', listening: ['[::]:9997'] }], []].map((each) =>
        takesEvents(each as unknown as Receivers),
      ),
    ).toEqual([true, false, false]);
  });
});
