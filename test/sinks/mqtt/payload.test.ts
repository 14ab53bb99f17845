import { describe, expect, it } from 'vitest';
import { answerPayload, EventPayloads, PUBLISHED } from '../../../sinks/mqtt/payload.ts';
import type { EventLineRow } from '../../../src/contract/rows.ts';
import { parseLine, wordsOf } from '../../../src/formats/index.ts';
import { ARRIVAL } from '../../formats/line-cases.ts';
import { eventRow, NOON } from '../rows-under-test.ts';

const APP = 'a421f4a2-c311-4ef4-ba41-fe2e6a2b0d69';
const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36';
const AT = new Date(NOON + 1).toISOString();

/** The row that comes of a line. */
function rowOf(text: string, more: Partial<EventLineRow> = {}): EventLineRow {
  const line = parseLine(text, ARRIVAL);
  if (typeof line === 'string') throw new Error(line);
  const { kind, host, user, origin, context, appId, userAgent, message } = line;
  const fields = { kind, host, user, origin, context, appId, userAgent, message };
  return { ...eventRow(1, fields), line: wordsOf(line), ...more };
}

function payloadOf(row: EventLineRow, tags = {}): string {
  const kind = PUBLISHED[row.kind];
  if (kind === undefined) throw new Error(row.kind);
  return new EventPayloads(tags).of(row, kind);
}

/** What is ours at the end. */
const OURS = `,"at":"${AT}","id":"event-1"}`;

describe('the payload of an event', () => {
  it('is that of Butler SOS, byte for byte, with a time and an identity at its end', () => {
    const text = `/qseow-proxy-session/;PRO2-Win1;Start session;LAB;goran;Not available;Not available;Start session for user 'LAB\\goran'. UserAgent: '${CHROME}'`;
    expect(payloadOf(rowOf(text), { qs_env: 'dev', site: 'north' })).toBe(
      `{"messageType":"qseow-proxy-session","host":"PRO2-Win1","command":"Start session","userDir":"LAB","userId":"goran",` +
        `"origin":"Not available","context":"Not available",` +
        `"message":"Start session for user 'LAB\\\\goran'. UserAgent: '${CHROME}'","tags":{"qs_env":"dev","site":"north"},` +
        `"uaBrowserName":"Chrome","uaBrowserMajorVersion":"141","uaOsName":"Windows","uaOsVersion":"NT 10.0"${OURS}`,
    );
  });

  it('names the app of a connection, and says where it knows no name', () => {
    const context = `/app/${APP.toUpperCase()}?reloadUri=https%3A%2F%2Fsense`;
    const text = `/qseow-proxy-connection/;pro2-win1;Open connection;LAB;goran;AppAccess;${context};App connection Opened for session 'x'`;
    const begin =
      `{"messageType":"qseow-proxy-connection","host":"pro2-win1","command":"Open connection","userDir":"LAB","userId":"goran",` +
      `"origin":"AppAccess","context":"${context}","message":"App connection Opened for session 'x'","tags":{},` +
      `"appId":"${APP.toUpperCase()}","appName":`;
    expect(payloadOf(rowOf(text, { appName: 'Sales' }))).toBe(`${begin}"Sales"${OURS}`);
    expect(payloadOf(rowOf(text))).toBe(`${begin}"<unknown app name>"${OURS}`);
  });

  it('has what the line said, with null words and long messages, but for control characters', () => {
    const message = `Stop session for user '\\'\r\n\t${'m'.repeat(5_000)}`;
    const text = `/qseow-proxy-session/;pro2-win1;Stop session;(null);(null);;(null);${message}`;
    expect(JSON.parse(payloadOf(rowOf(text)))).toMatchObject({
      ...{ userDir: '(null)', userId: '(null)', origin: '', context: '(null)' },
      message: `Stop session for user '\\'${'m'.repeat(5_000)}`,
    });
  });

  it('has the fields where they belong, when a semicolon has shifted them', () => {
    const text =
      "/qseow-proxy-session/;pro2-win1;Start session;LAB;a;b;Not available;/hub;Start session for user 'LAB\\a;b'";
    expect(JSON.parse(payloadOf(rowOf(text)))).toMatchObject({
      ...{ userDir: 'LAB', userId: 'a;b', origin: 'Not available', context: '/hub' },
      message: "Start session for user 'LAB\\a;b'",
    });
  });

  it('of a line of our own layout is like that of Butler SOS', () => {
    const text = `/headcount/2;17;20251026T120000.000+0000;PRO2-WIN1;Open connection;0;c0de1;p;1;AppAccess;${APP};LAB;goran;/app/${APP};App connection Opened for session 'x'`;
    expect(JSON.parse(payloadOf(rowOf(text)))).toMatchObject({
      ...{ messageType: 'qseow-proxy-connection', host: 'PRO2-WIN1', command: 'Open connection' },
      ...{ userDir: 'LAB', userId: 'goran', origin: 'AppAccess', context: `/app/${APP}`, appId: APP },
      message: "App connection Opened for session 'x'",
    });
  });

  it('of an event that no line told of has the words of one', () => {
    const row = { ...eventRow(1, { kind: 'connection_close', host: 'pro1', userAgent: CHROME }), line: null };
    expect(payloadOf(row)).toBe(
      `{"messageType":"qseow-proxy-connection","host":"pro1","command":"Close connection","userDir":"","userId":"",` +
        `"origin":"Not available","context":"Not available","message":"","tags":{},` +
        `"uaBrowserName":"Chrome","uaBrowserMajorVersion":"141","uaOsName":"Windows","uaOsVersion":"NT 10.0"${OURS}`,
    );
  });

  it('of a rejected session says why', () => {
    const row = eventRow(1, { kind: 'session_rejected', reason: 'parallel_limit' });
    expect(JSON.parse(payloadOf({ ...row, line: null }))).toMatchObject({ reason: 'parallel_limit' });
  });
});

describe('the payload of a poll', () => {
  const row = { at: NOON, host: 'sense1', virtualProxy: '/', server: 'sense1.example.com' };
  const sessions = [{ id: 's1', user: { directory: 'LAB', id: 'anna' } }];

  it('is the answer with whatever is in it, indented', () => {
    const answer =
      '[{"UserDirectory":"LAB","UserId":"anna","UserName":null,"Attributes":[{"group":"all"}],"SessionId":"s1"}]';
    expect(answerPayload({ ...row, sessions, answer })).toBe(`[
  {
    "UserDirectory": "LAB",
    "UserId": "anna",
    "UserName": null,
    "Attributes": [
      {
        "group": "all"
      }
    ],
    "SessionId": "s1"
  }
]`);
    expect(answerPayload({ ...row, sessions: [], answer: ' [ ]' })).toBe('[]');
  });

  it('is made of what is known where the answer is not', () => {
    expect(JSON.parse(answerPayload({ ...row, sessions }))).toEqual([
      { UserDirectory: 'LAB', UserId: 'anna', SessionId: 's1' },
    ]);
  });
});
