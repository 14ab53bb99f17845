import { computed, effect, signal } from '@preact/signals';
import type { SessionSort } from '../../journal/read/sessions/session-sorts.ts';

/** A column of a table of sessions. */
export interface Column {
  readonly label: string;
  /** What the API calls this order; null where it has none. */
  readonly sort: SessionSort | null;
  /** Names begin with A, times and numbers with the latest and most. */
  readonly firstOrder: 'asc' | 'desc';
  /** In rem: columns keep their width whatever is in them, so that nothing jumps. */
  readonly width: number;
}

/** The columns of the table from left to right. */
export const COLUMNS = {
  user: { label: 'User', sort: 'user', firstOrder: 'asc', width: 10.25 },
  state: { label: 'State', sort: 'state', firstOrder: 'asc', width: 6.5 },
  started: { label: 'Started', sort: 'started', firstOrder: 'desc', width: 5.25 },
  ended: { label: 'Ended', sort: 'ended', firstOrder: 'desc', width: 5.25 },
  duration: { label: 'Duration', sort: 'duration', firstOrder: 'desc', width: 5.75 },
  host: { label: 'Host', sort: 'host', firstOrder: 'asc', width: 7 },
  virtualProxy: { label: 'Virtual proxy', sort: 'virtualProxy', firstOrder: 'asc', width: 6.75 },
  apps: { label: 'Apps', sort: null, firstOrder: 'asc', width: 10 },
  connections: { label: 'Connections', sort: 'connections', firstOrder: 'desc', width: 7 },
  browser: { label: 'Browser', sort: 'browser', firstOrder: 'asc', width: 8.5 },
  os: { label: 'OS', sort: 'os', firstOrder: 'asc', width: 6.25 },
  lastActivity: { label: 'Last activity', sort: 'lastActivity', firstOrder: 'desc', width: 6.5 },
} as const satisfies Record<string, Column>;

export type ColumnName = keyof typeof COLUMNS;

const NAMES = Object.keys(COLUMNS) as ColumnName[];
const KEPT = 'headcount.columns';

/** Those that somebody has switched off. A new column of a later version is seen by everybody. */
const hidden = signal<ReadonlySet<ColumnName>>(new Set());

export const shownColumns = computed(() => NAMES.filter((name) => !hidden.value.has(name)));

/** The user is what a row is about, and leads to the session. */
export function canBeHidden(name: ColumnName): boolean {
  return name !== 'user';
}

export function showColumn(name: ColumnName, isShown: boolean): void {
  const others = [...hidden.value].filter((each) => each !== name);
  hidden.value = new Set(isShown ? others : [...others, name]);
}

/** Restores the choice of the last visit, and keeps it from now on. */
export function keepColumns(): void {
  hidden.value = hiddenColumns(localStorage.getItem(KEPT));
  effect(() => localStorage.setItem(KEPT, JSON.stringify([...hidden.value])));
}

/** What was kept, as far as it makes sense; anybody may have written there. */
export function hiddenColumns(kept: string | null): ReadonlySet<ColumnName> {
  try {
    const names: unknown = JSON.parse(kept ?? '[]');
    if (!Array.isArray(names)) return new Set();
    return new Set(NAMES.filter((name) => canBeHidden(name) && names.includes(name)));
  } catch {
    return new Set();
  }
}
