import { describe, expect, it } from 'vitest';
import { readItem } from '../../../receivers/http/item.ts';
import { NOON, SALES } from '../../api/api-under-test.ts';

const ARRIVAL = { receivedAt: NOON, sender: { address: '127.0.0.1', port: 4711 } };
const ann = { directory: 'LAB', id: 'ann' };
const start = { type: 'session_start', user: ann, host: 'qs1' };

describe('an item is refused', () => {
  const long = 'x'.repeat(1025);
  it.each<[string, unknown, string]>([
    ['without a type', { user: ann }, 'type: expected one of session_start, '],
    ['with a type that is no string', { ...start, type: 7 }, 'type: expected one of session_start, '],
    ['with an inherited name as type', { ...start, type: 'constructor' }, 'unknown type "constructor"'],
    ['without a user', { type: 'session_start' }, 'user: expected {directory, id} or null'],
    ['with a user that is a text', { ...start, user: 'LAB\\ann' }, 'user: expected {directory, id} or null'],
    ['with a user without id', { ...start, user: { directory: 'LAB' } }, 'user.id: expected a string up to'],
    [
      'with an id that is too long',
      { ...start, user: { ...ann, id: long } },
      'user.id: expected a string up to',
    ],
    [
      'with an id that is a number',
      { ...start, user: { ...ann, id: 7 } },
      'user.id: expected a string up to',
    ],
    [
      'with a directory that is too long',
      { ...start, user: { directory: long, id: 'a' } },
      'user.directory: exp',
    ],
    ['with one more key of its user', { ...start, user: { ...ann, name: 'Ann' } }, 'unknown key "user.name"'],
    [
      'with a host that is too long',
      { ...start, host: long },
      'host: expected a string up to 1024 characters',
    ],
    [
      'with a time without zone',
      { ...start, at: '2026-05-19T12:00:00' },
      'at: expected ISO 8601 with a zone',
    ],
    [
      'with a time that is no day',
      { ...start, at: '2026-02-30T12:00:00Z' },
      'at: expected ISO 8601 with a zone',
    ],
    ['with a time that is a number', { ...start, at: 1779192000000 }, 'at: expected ISO 8601 with a zone'],
    ['with an empty identity', { ...start, id: '' }, 'id: expected a string of 1 to 200 characters'],
    [
      'with a long identity',
      { ...start, id: 'x'.repeat(201) },
      'id: expected a string of 1 to 200 characters',
    ],
    ['with a fraction as result', { ...start, result: 0.5 }, 'result: expected an integer'],
    [
      'with an unknown reason',
      { ...start, type: 'session_rejected', reason: 'no' },
      'reason: expected one of par',
    ],
    [
      'with a reason but no rejection',
      { ...start, reason: 'denied' },
      'reason: only a session_rejected has one',
    ],
    ['when it is an array', [start], 'expected an object'],
    ['when it is null', null, 'expected an object'],
  ])('%s', (_what, item, reason) => {
    expect(readItem(item, ARRIVAL)).toEqual({ problem: expect.stringContaining(reason) });
  });

  it('with __proto__ as a key, and nothing else happens', () => {
    const item: unknown = JSON.parse('{"__proto__":{"polluted":1},"type":"heartbeat"}');
    expect(readItem(item, ARRIVAL)).toEqual({ problem: 'unknown key "__proto__"' });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('in few words, whatever the key it names', () => {
    const read = readItem({ type: 'heartbeat', [`"\n${'k'.repeat(60_000)}`]: 1 }, ARRIVAL);
    expect(read).toHaveProperty('problem', expect.stringMatching(/^unknown key .{10,200}$/));
  });
});

it('every field of an event is kept', () => {
  const event = readItem(
    {
      type: 'connection_open',
      user: ann,
      host: 'QS1.example.com',
      at: '2026-05-19T13:59:58.125+02:00',
      id: 'mine',
      sessionId: 'key',
      virtualProxy: 'sales',
      appId: SALES.toUpperCase(),
      origin: 'AppAccess',
      context: '/app/x',
      userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
      result: 0,
      message: 'hello',
    },
    ARRIVAL,
  );
  expect(event).toMatchObject({
    kind: 'connection_open',
    at: NOON - 1875,
    originalAt: null,
    timed: true,
    receivedAt: NOON,
    host: 'qs1',
    user: ann,
    origin: 'AppAccess',
    context: '/app/x',
    appId: SALES,
    virtualProxy: 'sales',
    sessionKey: 'key',
    result: 0,
    userAgent: expect.stringContaining('Firefox/128.0'),
    message: 'hello',
    reason: null,
    eventId: 'mine',
  });
});

it('what a log writes for unknown is null', () => {
  const event = readItem(
    {
      type: 'session_start',
      user: { directory: '(null)', id: 'ann' },
      host: '',
      origin: 'Not available',
      context: '(null)',
      virtualProxy: null,
      message: ' ',
    },
    ARRIVAL,
  );
  const unknown = { origin: null, context: null, virtualProxy: null, appId: null, message: null };
  expect(event).toMatchObject({ ...unknown, user: { directory: null, id: 'ann' }, host: '127.0.0.1' });
});

it('an id of nobody makes a null user', () => {
  expect(readItem({ ...start, user: { directory: 'LAB', id: '(null)' } }, ARRIVAL)).toMatchObject({
    user: null,
  });
});

it('the app is taken from the context where the event names none', () => {
  const context = `/sales/app/${SALES.toUpperCase()}?reloadUri=x`;
  expect(readItem({ ...start, type: 'connection_open', context }, ARRIVAL)).toMatchObject({ appId: SALES });
});

it('an impossible time gives way to the arrival and is kept', () => {
  expect(readItem({ ...start, at: '1999-01-01T00:00:00Z' }, ARRIVAL)).toMatchObject({
    at: NOON,
    originalAt: Date.parse('1999-01-01T00:00:00Z'),
    timed: false,
  });
});

it('a rejection without a reason was denied', () => {
  const rejection = { type: 'session_rejected', user: null };
  expect(readItem(rejection, ARRIVAL)).toMatchObject({ kind: 'session_rejected', reason: 'denied' });
});

it('a session key of 0 is none, and a rejection has none', () => {
  const keyOf = (item: object) => (readItem(item, ARRIVAL) as { sessionKey?: unknown }).sessionKey;
  expect(keyOf({ ...start, sessionId: 'x' })).toBe('x');
  expect(keyOf({ ...start, sessionId: '0' })).toBeNull();
  expect(keyOf({ ...start, type: 'session_rejected', sessionId: 'x' })).toBeNull();
});
