import { computed, signal } from '@preact/signals';
import type { Answers } from '../../journal/read/answers.ts';
import type { Parameters } from '../model/ask.ts';
import { asOf } from '../model/look.ts';
import { filterParameters } from '../model/shown.ts';
import { numberText } from '../words/numbers.ts';
import { COLUMNS, type ColumnName } from './columns.ts';

export type SessionsPage = Answers['sessions'];

/** Sessions of one page of the table. */
export const PAGE_SIZE = 100;

export const activeOnly = signal(true);
/** A part of a user's name, once somebody has stopped typing. */
export const search = signal('');
export const order = signal<Order>({ by: 'started', direction: 'desc' });

export interface Order {
  readonly by: ColumnName;
  readonly direction: 'asc' | 'desc';
}

/** What the table shows, without the place of the page in it. */
export const sessionsAsked = computed<Parameters>(() => ({
  ...filterParameters.value,
  // Those who were on at a moment: whether they are still on is another question.
  ...(asOf.value === null ? { active: activeOnly.value ? true : null } : { at: isoText(asOf.value) }),
  search: search.value === '' ? null : search.value,
  sort: COLUMNS[order.value.by].sort,
  order: order.value.direction,
}));

/** The cursors of the pages behind the first one that were turned to, and to which question they belong. */
const turned = signal<{ readonly question: string; readonly cursors: readonly string[] }>({
  question: '',
  cursors: [],
});

/** Empty on the first page, where every other question begins. */
export const cursors = computed(() =>
  turned.value.question === JSON.stringify(sessionsAsked.value) ? turned.value.cursors : [],
);

export function turnTo(next: readonly string[]): void {
  turned.value = { question: JSON.stringify(sessionsAsked.peek()), cursors: next };
}

/** By this column; by the one that it is in order of already, the other way round. */
export function nextOrder(now: Order, by: ColumnName): Order {
  if (now.by !== by) return { by, direction: COLUMNS[by].firstOrder };
  return { by, direction: now.direction === 'asc' ? 'desc' : 'asc' };
}

/** How many sessions a question is answered with. */
export type Total = Pick<SessionsPage, 'total' | 'totalIsAtLeast'>;

/**
 * What is asked to count the sessions where the page of the table does not say how many there are: in the order in which they are stored
 * the API does not count the ended ones. Null where it does.
 */
export const totalAsked = computed<Parameters | null>(() => {
  const asked = sessionsAsked.value;
  const isCounted = 'at' in asked || asked['active'] !== null || asked['sort'] !== 'started';
  return isCounted ? null : { ...asked, sort: 'connections', limit: 1 };
});

/** Which sessions a page shows, of how many: `1–100 of 245`. `pagesBefore`: how many pages come before it. */
export function placeText(page: SessionsPage, counted: Total | null, pagesBefore: number): string {
  const { items, nextCursor } = page;
  const { total, totalIsAtLeast } = page.total === null && counted !== null ? counted : page;
  if (items.length === 0) return pagesBefore === 0 ? 'None' : 'None on this page';
  const before = pagesBefore * PAGE_SIZE;
  const last = before + items.length;
  const place = `${numberText(before + 1)}–${numberText(last)}`;
  if (nextCursor === null) return `${place} of ${numberText(last)}`;
  if (total === null) return `${place} of more`;
  // The total is of another moment than the page.
  return totalIsAtLeast || total < last
    ? `${place} of more than ${numberText(Math.max(total, last))}`
    : `${place} of ${numberText(total)}`;
}

/** The first so many, and how many there are besides. */
export function firstOf<Item>(
  items: readonly Item[],
  most: number,
): { readonly shown: Item[]; readonly more: number } {
  return { shown: items.slice(0, most), more: Math.max(0, items.length - most) };
}

function isoText(time: number): string {
  return new Date(time).toISOString();
}
