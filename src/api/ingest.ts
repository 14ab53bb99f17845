import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { type AnswerOf, time } from '../journal/read/answers.ts';
import { hostsByName } from '../sessions/counts.ts';
import type { ApiParts } from './parts.ts';
import { answer, NO_QUERY, type SchemaTypes } from './schemas.ts';

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
    .describe('which hosts have a fault, and what to do about it; the first 1,000 that were seen'),
  receivers: z.array(named),
  hosts: z.array(
    z.object({
      host: z.string(),
      lastEventAt: time.nullable(),
      keysIgnored: z.boolean(),
      bothLayouts: z.boolean(),
      rowsMissing: count.nullable().describe('null where its lines are not numbered one by one'),
    }),
  ),
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
  return {
    since,
    received,
    accepted,
    duplicates,
    heartbeats,
    excluded,
    refused: Object.fromEntries(refused),
    inFlight: parts.inFlight(),
    orphanStops,
    orphanCloses,
    keyMismatches,
    applications: { ...parts.site.applications.counters },
    rowsMissing: rowNumbers.missing,
    faults: Object.fromEntries(faults),
    faultyHosts: parts.counters.faultyHosts.all.map(({ lastAt, ...each }) => {
      return { ...each, lastAt: new Date(lastAt).toISOString() };
    }),
    receivers: parts.receivers.map((receiver) => receiver.stats()),
    hosts: hostsByName(parts.site.identities).map(({ name, lastEventAt, keysIgnored, layouts }) => ({
      host: name,
      lastEventAt: lastEventAt === 0 ? null : new Date(lastEventAt).toISOString(),
      keysIgnored,
      bothLayouts: layouts.areBoth(parts.now()),
      rowsMissing: rowNumbers.missingOf(name),
    })),
    sinks: parts.sinks(),
    blacklist: parts.rulesSeen().map(([{ directory, userId = null }, seen]) => {
      return { directory, userId, seen };
    }),
    appNames: parts.namesSource(),
  };
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
