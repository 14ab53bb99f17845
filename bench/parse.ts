import { Buffer } from 'node:buffer';
import type { Arrival } from '../src/contract/event.ts';
import { decodeMessage, parseLine } from '../src/formats/index.ts';

/**
 * Nanoseconds per line of decode + parse for a 330-byte line of Butler SOS's layout, and of our own, against
 * the least that any parser in JavaScript could do: `buffer.toString('utf8').split(';')`. Each number is the
 * median of the runs; yardstick and candidate take turns, so that a noisy machine disturbs both.
 *
 *   node bench/parse.ts
 */

const RUNS = 15;
const LINES_PER_RUN = 400_000;
/** Different lines, so that no branch or string is predicted perfectly. */
const VARIANTS = 512;

const arrival: Arrival = { receivedAt: 1_761_431_710_073, sender: { address: '192.0.2.7', port: 50_123 } };
const AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0';

function guid(n: number): string {
  return `50189a5d-f7a5-4e33-8de4-${(n * 7_919).toString(16).padStart(12, '0')}`;
}

function butlerSosLine(n: number): string {
  const user = `user${n}`;
  if (n % 2 === 0) {
    const message = `WebSocket connection Opened for session '${guid(n)}'. UserAgent: '${AGENT}'`;
    return `/qseow-proxy-connection/;pro2-win1;Open connection;LAB;${user};AppAccess;/app/${guid(n)};${message}`;
  }
  const message = `Start session for user 'LAB\\${user}'. UserAgent: '${AGENT}'`;
  return `/qseow-proxy-session/;pro2-win1;Start session;LAB;${user};Not available;Not available;${message}`;
}

function ownLine(n: number): string {
  const message = `Start session for user 'LAB\\user${n}'. UserAgent: '${AGENT}'`;
  const ids = `${guid(n)};${guid(n + 1)};${guid(n + 2)}`;
  const place = `;${n};20251026T003510.073+0200;pro2-win1;Start session;0;${ids};Not available;(null)`;
  return `/headcount/2${place};LAB;user${n};Not available;${message}`;
}

/** Pads the user agent so that every line has the same size. */
function sized(line: string, bytes: number): Buffer {
  return Buffer.from(`${line.slice(0, -1).padEnd(bytes - 1, '.')}'`);
}

function corpus(make: (n: number) => string, bytes: number): Buffer[] {
  return Array.from({ length: VARIANTS }, (_, n) => sized(make(n), bytes));
}

const candidates: readonly [string, Buffer[], (line: Buffer) => unknown][] = [
  [
    'yardstick: toString + split',
    corpus(butlerSosLine, 330),
    (line) => line.toString('utf8').split(';').length,
  ],
  [
    'Butler SOS line, 330 bytes',
    corpus(butlerSosLine, 330),
    (line) => parseLine(decodeMessage(line) ?? '', arrival),
  ],
  ['own line, 430 bytes', corpus(ownLine, 430), (line) => parseLine(decodeMessage(line) ?? '', arrival)],
];

function run(lines: Buffer[], work: (line: Buffer) => unknown): number {
  let sink: unknown;
  const started = process.hrtime.bigint();
  for (let i = 0; i < LINES_PER_RUN; i++) sink = work(lines[i % VARIANTS] ?? Buffer.alloc(0));
  const elapsed = Number(process.hrtime.bigint() - started);
  if (typeof sink === 'string') throw new Error(`the benchmark's line was refused: ${sink}`);
  return elapsed / LINES_PER_RUN;
}

const timings = candidates.map((): number[] => []);
// The first two rounds warm up and are not counted.
for (let round = -2; round < RUNS; round++) {
  for (const [i, [, lines, work]] of candidates.entries()) {
    const ns = run(lines, work);
    if (round >= 0) timings[i]?.push(ns);
  }
}

const medians = timings.map((runs) => runs.sort((a, b) => a - b)[runs.length >> 1] ?? 0);
console.log(`Node ${process.version}, median of ${RUNS} runs of ${LINES_PER_RUN} lines`);
for (const [i, [name]] of candidates.entries()) {
  const runs = timings[i] ?? [];
  const [median = 0, yardstick = 1] = [medians[i], medians[0]];
  const spread = `${runs[0]?.toFixed(0)}-${runs.at(-1)?.toFixed(0)}`;
  console.log(
    `${name.padEnd(30)} ${median.toFixed(0).padStart(5)} ns/line  (${spread})  ${(median / yardstick).toFixed(2)} x`,
  );
}
