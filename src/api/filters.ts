import { z } from 'zod';
import { MERGED_CURSOR } from '../centres/merged-pages.ts';
import { hostsOfSite } from '../contract/sites/site-hosts.ts';
import { USER_CLASSES } from '../contract/user-class.ts';
import { ISO_TIME_EXPECTED, parseIsoTime } from '../formats/event-time.ts';
import { MAX_FIELD } from '../formats/fields.ts';
import { normaliseHost } from '../formats/index.ts';
import type { Filters } from '../journal/read/filters.ts';
import type { Part } from '../journal/read/parts/part.ts';
import { isTimeZone } from '../journal/read/peaks/calendar.ts';
import { ApiError } from './errors.ts';

const name = z.string().min(1).max(MAX_FIELD).optional();
/** A time as whoever asks writes it. */
export const moment = z.string().min(1).max(64).optional();

/** A class of users. */
export const userClass = z.enum(USER_CLASSES).optional().describe('what kind of user it is');
/** Whether sessions are those of applications. */
export const application = z
  .boolean()
  .optional()
  .describe('sessions of applications that tell of them themselves, or those of Sense');
/** The name of a time zone. */
export const zone = z.string().min(1).max(64).default('UTC').describe('IANA name, such as Europe/Berlin');

/** The query parameters that name a part of the site. */
export const partParameters = {
  host: name.describe('the node, with or without its domain'),
  site: name.describe('all nodes of a site that another Headcount forwards; with host, that node of it'),
  virtualProxy: name.describe('the prefix of a virtual proxy'),
  app: name.describe('the id of an app'),
};

export function partOf({
  host,
  site,
  virtualProxy,
  app,
}: z.output<z.ZodObject<typeof partParameters>>): Part {
  return {
    host: hostOf(host, site),
    virtualProxy: virtualProxy ?? null,
    app: app?.toLowerCase() ?? null,
  };
}

function hostOf(host: string | undefined, site: string | undefined): string | null {
  if (site === undefined) return host === undefined ? null : normaliseHost(host);
  const named = site.toLowerCase();
  return host === undefined ? hostsOfSite(named) : `${named}/${normaliseHost(host)}`;
}

/** The query parameters that sessions and events share. */
export const filterParameters = {
  user: z
    .string()
    .min(1)
    // A directory, a backslash and an id.
    .max(2 * MAX_FIELD + 1)
    .optional()
    .describe('DIRECTORY\\id, or an id in any directory'),
  ...partParameters,
  from: moment.describe('events not before this time, sessions not over before it: ISO 8601 with a zone'),
  to: moment.describe('events before this time, sessions begun before it: ISO 8601 with a zone'),
  limit: z.int().min(1).max(1000).default(100).describe('the most items of a page'),
  cursor: z
    .string()
    .regex(/^[0-9]{1,15}$/)
    .optional()
    .describe('nextCursor of the page before'),
};

/** The same of a page that central Headcounts which share a stream make together. */
export const sharedCursor = z
  .string()
  .regex(new RegExp(`^(?:[0-9]{1,15}|${MERGED_CURSOR})$`))
  .optional()
  .describe('nextCursor of the page before');

/** A route may have fewer of them; those that are not given filter nothing. */
export type FilterQuery = Readonly<
  Partial<z.output<z.ZodObject<typeof filterParameters>>> & Pick<FilterParameters, 'limit'>
>;
type FilterParameters = z.output<z.ZodObject<typeof filterParameters>>;

/** @throws ApiError 400 for a time that is none */
export function filtersOf(query: FilterQuery): Filters {
  const from = timeOf('from', query.from);
  const to = timeOf('to', query.to);
  if (from !== null && to !== null && from > to) throw new ApiError(400, 'from: later than to');
  return {
    user: query.user === undefined ? null : userOf(query.user),
    ...partOf(query),
    from,
    to,
    limit: query.limit,
    cursor: query.cursor === undefined ? null : Number(query.cursor),
  };
}

/** `DIR\id`, or an id in any directory. A user without directory is `\id`. */
function userOf(text: string): Filters['user'] {
  const slash = text.indexOf('\\');
  if (slash < 0) return { directory: null, id: text };
  return { directory: text.slice(0, slash), id: text.slice(slash + 1) };
}

/** @throws ApiError 400 */
export function timeOf(parameter: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  // A query decodes the `+` of `+02:00` into a space.
  const parsed = parseIsoTime(text.replace(/ (?=\d\d(:?\d\d)?$)/, '+'));
  if (parsed === null) throw new ApiError(400, `${parameter}: ${ISO_TIME_EXPECTED}`);
  return parsed;
}

/** @throws ApiError 400 for a time that is none, or a range that ends before it begins */
export function rangeOf(
  { from, to }: { readonly from?: string | undefined; readonly to?: string | undefined },
  now: number,
  usualMs: number,
): { from: number; to: number } {
  const end = timeOf('to', to) ?? now;
  const begin = timeOf('from', from) ?? end - usualMs;
  if (begin > end) throw new ApiError(400, 'from: later than to');
  // Nothing is older than computers that keep time this way.
  return { from: Math.max(0, begin), to: Math.max(0, end) };
}

/** @throws ApiError 400 */
export function zoneOf(name: string): string {
  // Without a look, which takes as long as all else of a small answer.
  if (name === 'UTC') return name;
  if (!isTimeZone(name)) throw new ApiError(400, 'timeZone: expected an IANA name such as Europe/Berlin');
  return name;
}
