import { computed, type ReadonlySignal, signal } from '@preact/signals';
import type { Answers } from '../../journal/read/answers.ts';
import type { Parameters } from '../model/ask.ts';
import { asOf } from '../model/look.ts';
import { numberText } from '../words/numbers.ts';
import { COLUMNS, type ColumnName } from './columns.ts';

export type SessionsPage = Answers['sessions'];

/** Sessions of one page of the table. */
export const PAGE_SIZE = 100;

export interface Order {
  readonly by: ColumnName;
  readonly direction: 'asc' | 'desc';
}

/** How many sessions a question is answered with. */
export type Total = Pick<SessionsPage, 'total' | 'totalIsAtLeast'>;

/** What a table of sessions shows: who is on or was, who is looked for, in which order, and which page of that. */
export class SessionList {
  readonly activeOnly = signal(true);
  /** A part of a user's name, once somebody has stopped typing. */
  readonly search = signal('');
  readonly order = signal<Order>({ by: 'started', direction: 'desc' });
  /** What the table shows, without the place of the page in it. */
  readonly asked: ReadonlySignal<Parameters>;
  /** Empty on the first page, where every other question begins. */
  readonly cursors: ReadonlySignal<readonly string[]>;
  /**
   * What is asked to count the sessions where the page of the table does not say how many there are: in the order in which they are stored
   * the API does not count the ended ones. Null where it does.
   */
  readonly totalAsked: ReadonlySignal<Parameters | null>;
  readonly turnTo: (next: readonly string[]) => void;

  /** Both read signals. `part`: which sessions are meant. `since`: not those that were over before, where not only active ones are shown. */
  constructor(part: () => Parameters, since: () => Parameters = () => ({})) {
    const { activeOnly, search, order } = this;
    // What somebody chose; as time goes on the range of the table moves, and its page stays.
    const chosen = computed<Parameters>(() => ({
      ...part(),
      // Those who were on at a moment: whether they are still on is another question.
      ...(asOf.value === null ? { active: activeOnly.value ? true : null } : { at: isoText(asOf.value) }),
      search: search.value === '' ? null : search.value,
      sort: COLUMNS[order.value.by].sort,
      order: order.value.direction,
    }));
    const isSince = computed(() => asOf.value === null && !activeOnly.value);
    this.asked = computed(() => ({ ...chosen.value, ...(isSince.value ? since() : {}) }));
    /** The cursors of the pages behind the first one that were turned to, and to which question they belong. */
    const turned = signal<{ readonly question: string; readonly cursors: readonly string[] }>({
      question: '',
      cursors: [],
    });
    this.cursors = computed(() =>
      turned.value.question === JSON.stringify(chosen.value) ? turned.value.cursors : [],
    );
    this.turnTo = (next) => {
      turned.value = { question: JSON.stringify(chosen.peek()), cursors: next };
    };
    this.totalAsked = computed(() => {
      const asked = this.asked.value;
      const isCounted = 'at' in asked || asked['active'] !== null || asked['sort'] !== 'started';
      return isCounted ? null : { ...asked, sort: 'connections', limit: 1 };
    });
  }
}

/** By this column; by the one that it is in order of already, the other way round. */
export function nextOrder(now: Order, by: ColumnName): Order {
  if (now.by !== by) return { by, direction: COLUMNS[by].firstOrder };
  return { by, direction: now.direction === 'asc' ? 'desc' : 'asc' };
}

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
