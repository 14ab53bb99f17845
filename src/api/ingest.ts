import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { CENTRE_STATES } from '../contract/centres/centre.ts';
import { REFUSAL_WORDS } from '../contract/refusal-words.ts';
import { type AnswerOf, time } from '../journal/read/answers.ts';
import { MOST_LISTED } from '../journal/read/parts/largest.ts';
import { hostAnswer, mostTroubled } from './hosts.ts';
import type { ApiParts } from './parts.ts';
import { answer, NO_QUERY, type SchemaTypes } from './schemas.ts';
import { stormsAnswer, stormsNow } from './storms.ts';

const count = z.int();
const countByName = z.record(z.string(), count);
/** Receivers and sinks have details of their own. */
const named = z.looseObject({ name: z.string() });

/** `received = accepted + duplicates + heartbeats + excluded + sum(refused) + inFlight`, always. */
const ingest = z.object({
  since: time.describe('the start of the program, from which counters count'),
  received: count,
  accepted: count,
  duplicates: count,
  heartbeats: count,
  excluded: count,
  refused: countByName,
  refusalWords: z.record(z.string(), z.string()).describe('what the reasons mean that are counted here'),
  inFlight: count,
  orphanStops: count,
  orphanCloses: count,
  keyMismatches: count,
  applications: z
    .object({ unknownHeartbeats: count, unknownEnds: count })
    .describe('heartbeats and ends of sessions of applications that there are not'),
  rowsMissing: count.describe('lines that hosts numbered and that never came, since the store began'),
  faults: countByName,
  faultyHosts: z
    .array(z.object({ host: z.string(), fault: z.string(), lines: count, lastAt: time, remedy: z.string() }))
    .describe('which hosts have a fault, and what to do about it; the 100 with the most lines'),
  faultyHostsTotal: count.describe('1,000 at most are told apart'),
  receivers: z.array(named),
  hosts: z
    .array(hostAnswer)
    .describe(
      'by name, the 100 of which there is most to be said, then those with the most sessions; /api/v1/hosts has all',
    ),
  hostsTotal: count,
  storms: stormsAnswer,
  centres: z
    .array(
      z.object({
        centre: z.string().describe('the name of its store'),
        isSelf: z.boolean(),
        partitions: z.array(count),
        state: z.enum(CENTRE_STATES),
        term: count.nullable().describe('the number of its lease, higher of a later one'),
        isSure: z.boolean().describe('of an owner: its lease is renewed, so nobody else has it'),
        secondsAgo: z.number().describe('since it was heard of last'),
      }),
    )
    .optional()
    .describe('where several central Headcounts share a stream: all that were heard of'),
  missingPartitions: z.array(count).optional().describe('for which nobody answers'),
  sinks: z.array(named),
  blacklist: z
    .array(z.object({ directory: z.string(), userId: z.string().nullable(), seen: z.boolean() }))
    .describe('the rules, and whether anybody that one is about was seen since the program started'),
  appNames: z
    .object({
      server: z.string(),
      askedAt: time.nullable(),
      answeredAt: time.nullable(),
      names: count,
      error: z.string().nullable(),
    })
    .nullable()
    .describe('who is asked for names of apps (apps.qrs), null where nobody is'),
});

/** The counters begin with the program, those of the tracking and of missing rows with the store. */
function ingestNow(parts: ApiParts, since: string): AnswerOf<typeof ingest> {
  const { received, accepted, duplicates, heartbeats, excluded, refused, faults } = parts.counters;
  const { tracker, lostLines: rowNumbers } = parts.site;
  const { orphanStops, orphanCloses, keyMismatches } = tracker.counters;
  const receivers = parts.receivers.map((receiver) => receiver.stats());
  return {
    since,
    received,
    accepted,
    duplicates,
    heartbeats,
    excluded,
    refused: Object.fromEntries(refused),
    refusalWords: wordsOf([refused.keys(), ...receivers.map((stats) => Object.keys(stats.refused ?? {}))]),
    inFlight: parts.inFlight(),
    orphanStops,
    orphanCloses,
    keyMismatches,
    applications: { ...parts.site.applications.counters },
    rowsMissing: rowNumbers.missing,
    faults: Object.fromEntries(faults),
    faultyHosts: parts.counters.faultyHosts.most(MOST_LISTED).map(({ lastAt, ...each }) => {
      return { ...each, lastAt: new Date(lastAt).toISOString() };
    }),
    faultyHostsTotal: parts.counters.faultyHosts.size,
    receivers,
    hosts: mostTroubled(parts, MOST_LISTED),
    hostsTotal: parts.site.identities.hosts.size,
    storms: stormsNow(parts.storms),
    ...(parts.centres === null
      ? {}
      : { centres: parts.centres.stats, missingPartitions: parts.centres.now().missing }),
    sinks: parts.sinks(),
    blacklist: parts.rulesSeen().map(([{ directory, userId = null }, seen]) => {
      return { directory, userId, seen };
    }),
    appNames: parts.namesSource(),
  };
}

/** By reason; one that a receiver of somebody else's has counted may have none. */
function wordsOf(reasons: readonly Iterable<string>[]): Record<string, string> {
  const known = reasons.flatMap((some) =>
    Array.from(some, (reason) => [reason, REFUSAL_WORDS[reason]] as const),
  );
  return Object.fromEntries(known.filter((each): each is readonly [string, string] => each[1] !== undefined));
}

const description = {
  summary: 'What came in and what became of it',
  description: 'received = accepted + duplicates + heartbeats + excluded + sum(refused) + inFlight, always.',
  querystring: NO_QUERY,
  response: { 200: answer(ingest, 'counters since the program started') },
};

export function registerIngest(app: FastifyInstance, parts: ApiParts): void {
  const since = new Date(parts.now()).toISOString();
  app
    .withTypeProvider<SchemaTypes>()
    .get('/api/v1/ingest', { schema: description }, async () => ingestNow(parts, since));
}
