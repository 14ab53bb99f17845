/** What sessions can be sorted by, and in which direction. */
export const SESSION_SORTS = [
  ...(['started', 'ended', 'lastActivity', 'duration', 'user', 'host', 'virtualProxy'] as const),
  ...(['connections', 'openConnections', 'browser', 'os', 'state'] as const),
] as const;
export type SessionSort = (typeof SESSION_SORTS)[number];

export const SORT_DIRECTIONS = ['asc', 'desc'] as const;
export type SortDirection = (typeof SORT_DIRECTIONS)[number];
