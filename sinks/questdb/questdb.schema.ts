import { z } from 'zod';
import { duration, flag, secret, serverUrl, text } from '../../src/contract/settings.ts';
import { deliverySettings } from '../../src/contract/sink.ts';

const DAY_MS = 86_400_000;

/** Without a slash at the end. A path is for a QuestDB behind a proxy. */
const url = serverUrl('http://127.0.0.1:9000', ({ protocol, origin, pathname, search, hash }) => {
  if (!['http:', 'https:'].includes(protocol)) return null;
  if (search !== '' || hash !== '') return 'expected a URL without "?" and "#"';
  return { url: `${origin}${pathname.replace(/\/+$/, '')}` };
});

const retention = duration('1d').refine(
  (ms) => ms % DAY_MS === 0,
  'expected whole days, such as "365d", because QuestDB deletes by the day',
);

/**
 * `retention` in milliseconds; where it is not given, new tables get `DEFAULT_RETENTION_MS` and those that are there
 * keep what they have.
 */
export const questDbSchema = z
  .strictObject({
    type: z.literal('questdb'),
    url: url.prefault('http://127.0.0.1:9000'),
    user: text('a user').optional(),
    password: secret('a password').optional(),
    token: secret('a token').optional(),
    tls: z.strictObject({ ca: text('a file').optional(), verify: flag().prefault(true) }).prefault({}),
    retention: retention.optional(),
    ...deliverySettings,
  })
  .superRefine(({ url, user, password, token, tls }, context) => {
    const refuse = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: [key], message });
    if (token !== undefined && (user ?? password) !== undefined) {
      refuse('token', 'either a token or a user with a password, not both');
    }
    if (user !== undefined && password === undefined) refuse('user', 'a password is missing beside it');
    if (user === undefined && password !== undefined) refuse('password', 'a user is missing beside it');
    if (user?.includes(':')) refuse('user', 'a user has no ":" in it');
    if (token !== undefined && /[^\x21-\x7e]/.test(token))
      refuse('token', 'a token is plain ASCII without spaces');
    if (tls.ca !== undefined && url.startsWith('http:')) refuse('tls', 'the URL says http, not https');
  });
export type QuestDbConfig = z.output<typeof questDbSchema>;

export const DEFAULT_RETENTION_MS = 365 * DAY_MS;
