import { z } from 'zod';
import { OF_CENTRES } from '../../contract/centres/of-centres.ts';
import { QUALITIES, QUALITY_REASONS } from '../../contract/quality.ts';
import { type AnswerOf, time } from '../../journal/read/answers.ts';
import { MOMENT_QUALITIES, MOMENT_REASONS } from '../../sessions/quality/past-quality.ts';

/** Null where nobody knows, which of the whole site at the moment is never so. */
const count = z.int().nullable();
const NOT_OF_A_PART = 'null of a part and of a past moment';

const OF_ALL = 'where several central Headcounts share a stream, and this is of all of them';

const recently = { last5s: count, last1m: count, last1h: count };
const totals = z
  .object({ ...recently, total: count.describe(`since the store began; ${NOT_OF_A_PART}`) })
  .describe('sessions; with app, its connections that were opened and closed');
const rejections = z
  .object({ ...recently, total: count.describe(`since the store began; ${NOT_OF_A_PART}`) })
  .describe('null with virtualProxy or app, which a rejection does not name');
const open = {
  sessions: count,
  users: count,
  connections: count.describe('with app, only those of the app'),
};
const ofClass = z.object({ sessions: count, users: count });
const reasons = z.array(z.enum([...QUALITY_REASONS, 'partial']));
const range = z.object({ low: z.int(), high: count.describe('null where nobody can know') });
const bounds = z
  .object({ sessions: range, users: range })
  .nullable()
  .describe('what the truth lies between; null with virtualProxy or app, and of a past moment');
const reconciledAt = time.nullable().describe('when snapshots last agreed with the counts');

export const openedApp = z
  .object({
    lastSecond: z.int().describe('in the last whole second'),
    total: z
      .int()
      .nullable()
      .describe(
        'since the store began, or since the first version that counts them; null where there were so many apps that this one was forgotten',
      ),
  })
  .nullable()
  .describe(
    'connections of this app that were opened anywhere; null with host or virtualProxy, and of a past moment',
  );

export const countsAnswer = z.object({
  asOf: time,
  since: time.describe('when the store began; totals count from there'),
  quality: z
    .enum(MOMENT_QUALITIES)
    .describe('with host, of that host; unknown only of a past moment of which nobody knows who was on'),
  reasons: z.array(z.enum(MOMENT_REASONS)),
  reconciledAt,
  active: z
    .object({
      ...open,
      connectedUsers: count,
      bounds,
      byClass: z.object({ person: ofClass, anonymous: ofClass, service: ofClass }),
    })
    .describe('null where there were too many to be counted'),
  peakToday: z
    .object({ sessions: z.int(), users: z.int(), at: time.nullable() })
    .nullable()
    .describe(`the largest numbers since midnight UTC; ${NOT_OF_A_PART}, where /api/v1/peaks has them`),
  created: totals,
  destroyed: totals,
  rejected: rejections,
  averageDurationSeconds: z
    .number()
    .nullable()
    .describe(
      'of the sessions that ended in the last hour, with app of its connections; null where none did',
    ),
  hosts: z
    .array(
      z.object({
        host: z.string(),
        ...open,
        quality: z.enum(QUALITIES).nullable().describe('null of a past moment'),
        reasons,
        bounds,
        doubtful: z
          .object({ sessions: z.int(), users: z.int() })
          .nullable()
          .describe('of which no sign of life came since lines were lost; null where bounds are'),
        reconciledAt,
        lastEventAt: time.nullable(),
        silentSince: time.nullable().describe('when its last line came, where more should have come since'),
        clockOffsetSeconds: z
          .int()
          .nullable()
          .describe('how far its clock is behind ours; null where unknown'),
      }),
    )
    .describe('the 100 with the most sessions, by name; of a part, those with a session of it'),
  hostsTotal: count,
  silentHosts: z
    .array(z.object({ host: z.string(), silentSince: time.describe('when its last line came') }))
    .describe(
      'hosts from which nothing comes any more, where more should, however few sessions they have: the 100 that are silent for longest, those first; with host, ' +
        'that one or those of the site; empty of a past moment',
    ),
  silentHostsTotal: count.describe('null of a past moment'),
  virtualProxies: z
    .array(z.object({ virtualProxy: z.string(), ...open }))
    .describe('the 100 with the most sessions, by name'),
  virtualProxiesTotal: count,
  apps: z
    .array(
      z.object({
        appId: z.string(),
        appName: z.string().nullable(),
        connections: z.int(),
        users: z.int(),
        opened: openedApp,
      }),
    )
    .describe('the 100 with the most open connections, those first; /api/v1/apps has all'),
  appsTotal: count,
  sites: z
    .array(
      z.object({
        site: z.string(),
        ...open,
        quality: z.enum(QUALITIES).nullable().describe('the worst of its hosts'),
      }),
    )
    .optional()
    .describe(`${OF_ALL}: the 100 with the most sessions, by name`),
  sitesTotal: z.int().optional().describe(OF_ALL),
  ...OF_CENTRES,
});

export type CountsView = AnswerOf<typeof countsAnswer>;
