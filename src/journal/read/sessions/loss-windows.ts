import type { DatabaseSync } from 'node:sqlite';
import type { LossWindow } from '../../../sessions/doubt/loss-window.ts';
import type { Downtime } from '../../../sessions/downtimes.ts';
import type { OneSession } from '../answers.ts';
import { iso, isoOrNull, type Row } from '../items.ts';

/** A loss is noticed so late at most. */
const NOTICED_WITHIN_MS = 10_000;

const EVERYWHERE =
  "SELECT state ->> '$.losses' AS losses, state ->> '$.downtimes' AS downtimes FROM checkpoint";
const OF_HOST = `SELECT value ->> 'losses' AS losses FROM checkpoint, json_each(state, '$.hosts')
  WHERE value ->> 'name' = ?`;

/** The times of a session in which lines of its host were or may have been lost, oldest first, as far as they are remembered. */
export function lossWindowsOf(database: DatabaseSync, session: Row, now: number): OneSession['lossWindows'] {
  const startedAt = Number(session['started_at']);
  const endedAt = session['ended_at'] === null ? now : Number(session['ended_at']);
  const state = database.prepare(EVERYWHERE).get();
  const ofHost = database.prepare(OF_HOST).get(session['host'] as string | null);
  const downtimes = listOf<Downtime>(state?.['downtimes']);
  const losses = [...listOf<LossWindow>(state?.['losses']), ...listOf<LossWindow>(ofHost?.['losses'])];
  const windows = [
    ...downtimes.map(({ from, to }) => ({ from, to, reason: 'downtime', lines: null }) as const),
    ...losses
      // Of a downtime it is known when it began, too.
      .filter(({ reason, stage }) => reason !== 'downtime' && stage !== 'withdrawn')
      .map(({ to, reason, lines }) => ({ from: null, to, reason, lines })),
  ];
  return windows
    .filter(({ from, to }) => to >= startedAt && (from ?? to - NOTICED_WITHIN_MS) <= endedAt)
    .sort((a, b) => a.to - b.to)
    .map(({ from, to, ...rest }) => ({ from: isoOrNull(from), to: iso(to), ...rest }));
}

function listOf<Item>(json: unknown): readonly Item[] {
  return json === undefined || json === null ? [] : (JSON.parse(String(json)) as Item[]);
}
