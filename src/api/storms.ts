import { z } from 'zod';
import { type AnswerOf, eventItem, time } from '../journal/read/answers.ts';
import type { Storms } from '../sessions/storms/storms.ts';

export const stormsAnswer = z
  .array(
    z.object({
      user: eventItem.shape.user.describe('null: lines that name none'),
      host: z.string(),
      startsLastMinute: z.int(),
      startsTotal: z.int().describe('since it began'),
      since: time,
      endedAt: time.nullable().describe('when it had become calm; null while it goes on'),
    }),
  )
  .describe(
    'who starts sessions again and again (sessions.storm): the 100 largest that go on, those first, and the latest 20 that are over',
  );

export type StormView = AnswerOf<typeof stormsAnswer>[number];

export function stormsNow({ all }: Storms): StormView[] {
  return all.map(({ key: { host, user }, startsLastMinute, startsTotal, since, endedAt }) => ({
    user: user === null ? null : { directory: user.directory, id: user.id },
    host: host.name,
    startsLastMinute,
    startsTotal,
    since: new Date(since).toISOString(),
    endedAt: endedAt === null ? null : new Date(endedAt).toISOString(),
  }));
}
