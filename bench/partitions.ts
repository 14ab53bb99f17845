import { argv, stdout } from 'node:process';
import { partitionOf } from '../src/nats/partition.ts';

/*
 * How evenly users and their events fall on partitions, computed and not measured: users who do different amounts (log-normal,
 * sigma 1.2), some of them programs that do 200 times as much, and lines without a user, which go by their host.
 *
 *   node bench/partitions.ts [USERS]          ten million unless given
 */

const USERS = Number(argv[2] ?? 10_000_000);
const PARTITIONS = 64;
const SIGMA = 1.2;
const PROGRAMS = 0.005;
const TIMES = 200;
const HOSTS = 8;
const CENTRES = [4, 3] as const;

/** Mulberry32, so that each run is the same. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const random = randomFrom(1);
const users = new Float64Array(PARTITIONS);
const events = new Float64Array(PARTITIONS);
for (let n = 0; n < USERS; n += 1) {
  const partition = partitionOf('', { directory: 'CORP', id: `user${n}` }, PARTITIONS);
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  users[partition] = (users[partition] ?? 0) + 1;
  const did = Math.exp(SIGMA * normal) * (random() < PROGRAMS ? TIMES : 1);
  events[partition] = (events[partition] ?? 0) + did;
}

/** With a share of lines that name no user. */
function withLinesOfHosts(share: number): Float64Array {
  const loads = events.map((load) => load * (1 - share));
  const total = events.reduce((sum, load) => sum + load, 0);
  for (let host = 0; host < HOSTS; host += 1) {
    const partition = partitionOf(`berlin/sense${host}`, null, PARTITIONS);
    loads[partition] = (loads[partition] ?? 0) + (total * share) / HOSTS;
  }
  return loads;
}

function unevenness(loads: Float64Array): string {
  const total = loads.reduce((sum, load) => sum + load, 0);
  return (Math.max(...loads) / (total / loads.length)).toFixed(3);
}

/** Partitions dealt out in ranges to so many centres. */
function ofCentres(loads: Float64Array, centres: number): Float64Array {
  const sums = new Float64Array(centres);
  for (const [partition, load] of loads.entries()) {
    const centre = Math.floor((partition * centres) / PARTITIONS);
    sums[centre] = (sums[centre] ?? 0) + load;
  }
  return sums;
}

const shares = [0, 0.01, 0.1];
const rows = [
  ['users of a partition', unevenness(users)],
  ...shares.map((share) => [
    `events of a partition, ${100 * share} % of lines without a user`,
    unevenness(withLinesOfHosts(share)),
  ]),
  ...CENTRES.map((centres) => [
    `events of one of ${centres} centres`,
    unevenness(ofCentres(events, centres)),
  ]),
];
const head = [
  [`${USERS} users on ${PARTITIONS} partitions`, 'largest / mean'],
  ['---', '---'],
];
stdout.write(`${[...head, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`);
