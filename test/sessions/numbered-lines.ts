import type { Kind, NumberedLine, Sender } from '../../src/contract/event.ts';
import { EPOCH } from './model/event-arbitrary.ts';

export const NODE: Sender = { address: '192.0.2.1', port: 50_001 };
/** The same node after a restart: a new socket. */
export const NODE_AGAIN: Sender = { address: '192.0.2.1', port: 50_002 };
/** Two connections of one relay. */
export const RELAY: Sender = { address: '192.0.2.9', port: 40_001, isConnection: true };
export const RELAY_AGAIN: Sender = { address: '192.0.2.9', port: 40_002, isConnection: true };

/** A line of `node1`, written and received `second` seconds after the beginning. */
export function line(
  rowNumber: number | null,
  second: number,
  more: Partial<NumberedLine> = {},
): NumberedLine {
  const at = EPOCH + second * 1_000;
  const kind: Kind = 'session_start';
  return { rowNumber, host: 'node1', at, timed: true, receivedAt: at, kind, ...more };
}
