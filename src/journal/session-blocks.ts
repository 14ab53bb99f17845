/**
 * Sessions in the order of their numbers are nearly in the order of time. For each block of them `session_blocks` has times
 * that hold all: none began before `started_from`, none of those that ended did so after `ended_to`. Both are bounds, not
 * exact: a session that is reopened leaves them as they are. So a search for a time skips whole blocks.
 */
export const SESSIONS_IN_BLOCK = 256;

export const MERGE_SESSION_BLOCK = `
INSERT INTO session_blocks (block, started_from, ended_to) VALUES (?, ?, ?)
ON CONFLICT (block) DO UPDATE SET started_from = min(started_from, excluded.started_from),
  ended_to = max(ended_to, excluded.ended_to)`;

/** Of sessions that retention has deleted. */
export const DELETE_SESSION_BLOCKS = `
DELETE FROM session_blocks WHERE block < coalesce((SELECT min(id) FROM sessions), 0) / ${SESSIONS_IN_BLOCK}`;
