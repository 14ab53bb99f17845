import { Buffer } from 'node:buffer';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Arrival } from '../../src/contract/event.ts';
import {
  decodeMessage,
  type ParsedLine,
  parseLine,
  type Refusal,
  readUnit,
} from '../../src/formats/index.ts';

const CASES = join(import.meta.dirname, '../cases');

/** All cases arrive at noon on the day of the captures, from an address out of the book. */
export const ARRIVAL: Arrival = {
  receivedAt: Date.parse('2025-10-26T12:00:00Z'),
  sender: { address: '192.0.2.7', port: 50_123 },
};

export interface CaseMessage {
  readonly why?: string;
  readonly text?: string;
  readonly base64?: string;
}

/** A message of a capture: `scenario_n` says which event of the scenario made the appender send it. */
export interface Datagram extends CaseMessage {
  readonly n: number;
  readonly scenario_n: number;
  readonly appender: string;
  readonly base64: string;
}

/** What `expected.json` holds; `messages` only where the case is small enough to have been read by a human. */
export interface Expected {
  readonly accepted: number;
  readonly refused: Readonly<Partial<Record<Refusal, number>>>;
  readonly messages?: readonly unknown[];
}

export function lineCases(): string[] {
  return readdirSync(CASES).filter((name) => existsSync(join(CASES, name, 'expected.json')) && inputOf(name));
}

function inputOf(name: string): string | undefined {
  return ['input.jsonl', 'input.txt'].find((file) => existsSync(join(CASES, name, file)));
}

export function readExpected(name: string): Expected {
  return JSON.parse(readFileSync(join(CASES, name, 'expected.json'), 'utf8')) as Expected;
}

export function readJsonLines<Row>(name: string, file: string): Row[] {
  const lines = readFileSync(join(CASES, name, file), 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Row);
}

/** `input.txt` has a message per line; `input.jsonl` an object per message, with `text` or `base64`. */
export function readMessages(name: string): CaseMessage[] {
  if (inputOf(name) === 'input.jsonl') return readJsonLines<CaseMessage>(name, 'input.jsonl');
  const lines = readFileSync(join(CASES, name, 'input.txt'), 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((text) => ({ text }));
}

function textOf(message: CaseMessage): string | null {
  const bytes =
    message.base64 === undefined ? Buffer.from(message.text ?? '') : Buffer.from(message.base64, 'base64');
  return decodeMessage(bytes);
}

export function parseMessage(message: CaseMessage): ParsedLine | Refusal {
  const text = textOf(message);
  return text === null ? 'utf16' : parseLine(text, ARRIVAL);
}

/** What comes of each line in a message that may hold several. */
export function readLines(message: CaseMessage): (ParsedLine | Refusal)[] {
  const text = textOf(message);
  const lines: (ParsedLine | Refusal)[] = [];
  if (text === null) return ['utf16'];
  readUnit(text, ARRIVAL, (line) => lines.push(line));
  return lines;
}

export function tally(results: readonly (ParsedLine | Refusal)[]): Expected {
  const refused: Partial<Record<Refusal, number>> = {};
  for (const result of results) {
    if (typeof result === 'string') refused[result] = (refused[result] ?? 0) + 1;
  }
  return { accepted: results.filter((result) => typeof result !== 'string').length, refused };
}

/** What `expected.json` says of a message: of several lines a list. */
export function describeLines(lines: readonly (ParsedLine | Refusal)[]): unknown {
  return lines.length === 1 ? describeResult(lines[0] as ParsedLine | Refusal) : lines.map(describeResult);
}

/** A result as `expected.json` writes it: what is null, false or the same in every case is left out. */
export function describeResult(result: ParsedLine | Refusal): unknown {
  if (typeof result === 'string') return { refused: result };
  const {
    line: _line,
    bodyAt: _bodyAt,
    layout: _layout,
    receivedAt: _receivedAt,
    isPlain: _isPlain,
    ...fields
  } = result;
  const { at, originalAt, timed, ...rest } = fields;
  const known = Object.entries(rest).filter(([, value]) => value !== null && value !== false);
  return {
    ...Object.fromEntries(known),
    ...(timed ? { at: new Date(at).toISOString() } : {}),
    ...(originalAt === null ? {} : { originalAt: new Date(originalAt).toISOString() }),
  };
}
