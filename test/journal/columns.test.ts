import { describe, expect, it } from 'vitest';
import { EVENT, EVENT_TEXTS, EVENTS } from '../../src/journal/schema/events.ts';
import { POINT, POINTS } from '../../src/journal/schema/points.ts';
import { OLDEST_FORMAT } from '../../src/journal/schema/schema.ts';
import { CONNECTION, CONNECTIONS, SESSION, SESSIONS } from '../../src/journal/schema/sessions.ts';
import { SCHEMA } from '../../src/journal/schema/upgrade.ts';

describe('the columns of a table', () => {
  it.each([
    ['events', EVENTS.names, [...EVENT.names, ...EVENT_TEXTS.map(({ name }) => name)]],
    ['sessions', [...SESSIONS.names, 'host_bit', 'proxy_bit'], SESSION.names],
    ['connections', CONNECTIONS.names, CONNECTION.names],
    [
      'points',
      POINTS.names.filter((name) => name !== 'step'),
      POINT.names.filter((name) => name !== 'is_news'),
    ],
  ])('are all written, in the order of the list: %s', (_, columns, written) => {
    expect(written).toEqual(columns);
  });

  it('came with a format that is no later than that of now', () => {
    const later = SCHEMA.tables.filter((table) => table.additions(SCHEMA.format + 1).length > 0);
    expect(later).toEqual([]);
    // What came with the oldest format or before cannot be missing.
    expect(SCHEMA.tables.filter((table) => table.additions(OLDEST_FORMAT).length > 0)).toEqual([]);
  });
});
