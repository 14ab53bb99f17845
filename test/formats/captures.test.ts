import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import type { ParsedLine } from '../../src/formats/index.ts';
import { ARRIVAL, type Datagram, parseMessage } from './line-cases.ts';
import { capture, carriedFields, intendedOf, kindOf, ownFields } from './scenario.ts';

const UTF8 = 'lines-log4net-butler-sos-utf-8';
const DEFAULT = 'lines-log4net-butler-sos-default';
const OWN = 'lines-log4net-headcount';
const SYSLOG = 'lines-log4net-syslog';
/** Sent, and lost because they did not fit into a datagram: they have used up their row numbers. */
const TOO_LARGE_FOR_OWN = [177, 178, 179, 180];

function accepted(datagram: Datagram): ParsedLine {
  const result = parseMessage(datagram);
  if (typeof result === 'string') throw new Error(`datagram ${datagram.n} was refused: ${result}`);
  return result;
}

function datagramsOf(name: string, scenarioN: number): Datagram[] {
  return capture(name).filter((datagram) => datagram.scenario_n === scenarioN);
}

/** The results for one event of the scenario: two where both appenders sent it. */
function resultsOf(name: string, scenarioN: number): ParsedLine[] {
  return datagramsOf(name, scenarioN).map(accepted);
}

function firstOf(name: string, scenarioN: number): ParsedLine {
  const [result] = resultsOf(name, scenarioN);
  if (result === undefined) throw new Error(`event ${scenarioN} is not in ${name}`);
  return result;
}

/** .NET encodes ASCII and RemoteSyslogAppender drops what is outside 32-126. */
function onlyPrintable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '');
}

describe.each([UTF8, DEFAULT])('%s', (name) => {
  it('every datagram is the event that was meant, or is refused because it is none', () => {
    for (const datagram of capture(name)) {
      const event = intendedOf(datagram);
      const result = parseMessage(datagram);
      const label = `datagram ${datagram.n}`;
      if (datagram.appender === 'LogEvent') expect(result, label).toBe('not_user_event');
      else if (kindOf(event) === undefined) expect(result, label).toBe('unknown_command');
      else {
        expect(result, label).toMatchObject(carriedFields(event));
        expect(result, label).toMatchObject({
          at: ARRIVAL.receivedAt,
          timed: false,
          originalAt: null,
          sessionKey: null,
          rowNumber: null,
          result: null,
          fault: null,
          identified: false,
          via: datagram.appender === 'EventSession' ? 'session' : 'connection',
        });
      }
    }
  });
});

it('our own layout: every datagram is the event that was meant, with time, key, result and row number', () => {
  const datagrams = capture(OWN);
  for (const appender of ['Headcount', 'HeadcountDenied']) {
    const mine = datagrams.filter((datagram) => datagram.appender === appender);
    const lost = appender === 'Headcount' ? TOO_LARGE_FOR_OWN : [];
    const sent = [...mine.map((datagram) => datagram.scenario_n), ...lost].sort((a, b) => a - b);
    for (const datagram of mine) {
      const event = intendedOf(datagram);
      const label = `datagram ${datagram.n}`;
      if (kindOf(event) === undefined) {
        expect(parseMessage(datagram), label).toBe('unknown_command');
        continue;
      }
      const result = accepted(datagram);
      expect(result, label).toMatchObject({ ...carriedFields(event), ...ownFields(event) });
      expect(result.rowNumber, label).toBe(sent.indexOf(datagram.scenario_n) + 1);
      expect(result, label).toMatchObject({ via: null, identified: true, fault: null });
    }
  }
});

it('syslog: every whole line is the event that was meant, without what syslog cannot carry', () => {
  const cutOff: number[] = [];
  for (const datagram of capture(SYSLOG)) {
    const text = Buffer.from(datagram.base64, 'base64').toString('latin1');
    const event = intendedOf(datagram);
    const result = parseMessage(datagram);
    const label = `datagram ${datagram.n}`;
    if (!/^<1[45]>harness\.exe: \/qseow-/.test(text)) {
      expect(result, label).toBe(text === '<14>harness.exe: ' ? 'empty' : 'unknown_format');
    } else if (kindOf(event) === undefined) expect(result, label).toBe('unknown_command');
    else if (event.user_id?.includes('\n')) {
      expect(result, label).toBe('missing_fields');
      cutOff.push(event.n);
    } else expect(result, label).toMatchObject(carriedFields(event, onlyPrintable));
  }
  expect(cutOff).toEqual([19, 20, 56, 68]);
});

it.each([UTF8, OWN])('%s: the user agent is the one in the message', (name) => {
  let checked = 0;
  for (const datagram of capture(name)) {
    const event = intendedOf(datagram);
    const agent = /UserAgent: '(.*)'$/.exec(event.message ?? '')?.[1];
    if (agent === undefined || event.exception || kindOf(event) === undefined) continue;
    expect(accepted(datagram).userAgent, `datagram ${datagram.n}`).toBe(agent === '' ? null : agent);
    checked++;
  }
  expect(checked).toBeGreaterThan(150);
});

it.each([UTF8, OWN])('%s: a message that says nothing more is not kept', (name) => {
  const plain =
    /^(?:(?:Start|Stop) session for user '.*'|WebSocket connection \w+ for session '[^']*')\.?(?: UserAgent: '.*')?$/;
  for (const datagram of capture(name)) {
    const event = intendedOf(datagram);
    if (event.exception || kindOf(event) === undefined || !plain.test(event.message ?? '')) continue;
    if (event.tags.includes('newline-in-message')) continue;
    // The own layout encodes line ends in the message but not in the user's field, so the two differ.
    if (/[\t\n]/.test(event.user_id ?? '')) continue;
    expect(accepted(datagram).message, `datagram ${datagram.n}`).toBeNull();
  }
});

describe('what log4net does to a line', () => {
  it('absent prints (null), an empty string prints nothing, both are nobody', () => {
    for (const n of [98, 99, 80, 81, 22, 23]) {
      expect(firstOf(UTF8, n).user).toBeNull();
      expect(firstOf(OWN, n).user).toBeNull();
    }
  });

  it('an exception is glued to the line and ends up in the message, not in the user agent', () => {
    const start = firstOf(UTF8, 155);
    expect(start.userAgent).toMatch(/Firefox\/133\.0$/);
    expect(start.message).toContain(
      'System.InvalidOperationException: Outer failure; "quoted"\r\nsecond line',
    );
    expect(firstOf(UTF8, 156).message).toContain('System.InvalidOperationException');
  });

  it('a ; in a user id shifts no field', () => {
    for (const n of [231, 232, 244, 276]) {
      expect(firstOf(UTF8, n).user).toEqual({ directory: 'LAB', id: 'semi;colon;user' });
      expect(firstOf(OWN, n).user).toEqual({ directory: 'LAB', id: 'semi;colon;user' });
    }
  });

  it('a ; in a directory is found where the message names the user', () => {
    expect(firstOf(UTF8, 290).user).toEqual({ directory: 'CORP;EU', id: 'dirsemi' });
    expect(firstOf(OWN, 290).user).toEqual({ directory: 'CORP;EU', id: 'dirsemi' });
  });

  it('line ends, tabs, NUL and bidi marks stay in the user id', () => {
    expect(firstOf(UTF8, 19).user?.id).toBe('line\r\nbreak');
    expect(firstOf(OWN, 51).user?.id).toBe('tab\tuser');
    expect(firstOf(UTF8, 234).user?.id).toBe('nul\0byte');
    expect(firstOf(UTF8, 171).user?.id).toContain('\u202e');
  });

  it('one event that leaves through both appenders has one body, two prefixes and the command of one kind', () => {
    const twins = resultsOf(UTF8, 150);
    expect(twins.map((twin) => twin.via)).toEqual(['session', 'connection']);
    expect(twins.map((twin) => twin.kind)).toEqual(['session_start', 'session_start']);
    const bodies = twins.map((twin) => twin.line.slice(twin.bodyAt));
    expect(bodies[0]).toMatch(/^pro2-win1;Start session;/);
    expect(bodies[1]).toBe(bodies[0]);
  });

  it('behind a syslog header the body is the same as without', () => {
    const [plain, wrapped] = [firstOf(UTF8, 1), firstOf(SYSLOG, 1)];
    expect(wrapped.line).toBe(plain.line);
    expect(wrapped.bodyAt).toBe(plain.bodyAt);
  });

  it('without <encoding> the same events come out', () => {
    const twins = capture(UTF8);
    for (const datagram of capture(DEFAULT)) {
      // The stack trace has another build in it.
      if (intendedOf(datagram).exception) continue;
      const twin = twins.find(
        (other) => other.scenario_n === datagram.scenario_n && other.appender === datagram.appender,
      );
      expect(parseMessage(datagram)).toEqual(twin && parseMessage(twin));
    }
  });

  it('half a surrogate pair arrives as U+FFFD and is not taken for another encoding', () => {
    expect(firstOf(UTF8, 236).user?.id).toBe('lone\ufffdsurr');
  });

  it('a line of 60 kB is an event, and what it says is cut', () => {
    expect(firstOf(UTF8, 176).message).toHaveLength(4096);
  });

  it('a failed command keeps its result', () => {
    expect(firstOf(OWN, 163)).toMatchObject({ kind: 'session_stop', result: 500 });
  });

  it('rejections keep the user of their fields and say why', () => {
    const rejections = [184, 185, 186, 187].map((n) => firstOf(OWN, n));
    expect(rejections.map((rejection) => [rejection.user?.id ?? null, rejection.reason])).toEqual([
      ['goran', 'parallel_limit'],
      ['åsa;b', 'no_licence'],
      ['info', 'parallel_limit'],
      [null, 'no_licence'],
    ]);
  });
});
