import type { CountsView } from '../../api/counts/counts-answer.ts';
import type { ReceiverStats } from '../../contract/receiver.ts';

/** The node that the test line names, which is no node of Sense. */
export const TEST_HOST = 'test-node';

/** Whether nothing has come since the store began, but for test lines. */
export function isFirstVisit(counts: Pick<CountsView, 'hosts' | 'created' | 'rejected'> | null): boolean {
  if (counts === null) return false;
  if (counts.hosts.length > 0) return counts.hosts.every(({ host }) => host === TEST_HOST);
  return counts.created.total === 0 && counts.rejected.total === 0;
}

/** Where Headcount listens for lines of Sense; null where it does not. */
export interface Listening {
  readonly port: number;
  /** Nobody but this machine can send there. */
  readonly isLocal: boolean;
}

/** Of the first receiver of datagrams. */
export function listeningOf(receivers: readonly ReceiverStats[]): Listening | null {
  const udp = receivers.find((receiver) => 'receiveBufferBytes' in receiver);
  const [first] = udp?.listening ?? [];
  if (udp === undefined || first === undefined) return null;
  const port = Number(first.slice(first.lastIndexOf(':') + 1));
  return { port, isLocal: udp.listening?.every(isLoopback) === true };
}

/** Whether the API takes events from here. */
export function takesEvents(receivers: readonly ReceiverStats[]): boolean {
  return receivers.some(({ listening = [] }) => listening.some((place) => place.endsWith('/api/v1/events')));
}

const USUAL_PORT = 9997;

/**
 * The command that makes the file for a Sense node. `hostname`: what the page was opened with, by which a node does not find this machine
 * where it is a name for oneself.
 */
export function appenderCommand(hostname: string, port: number, service: 'proxy' | 'repository'): string {
  const bare = hostname.replace(/^\[|\]$/g, '');
  const host = isLoopback(bare) ? 'ADDRESS-OF-THIS-MACHINE' : bare;
  return [
    `npm run headcount -- appender --host ${host}`,
    port === USUAL_PORT ? null : `--port ${port}`,
    service === 'repository' ? '--service repository' : null,
    '--output LocalLogConfig.xml',
  ]
    .filter((part) => part !== null)
    .join(' ');
}

export function isLoopback(place: string): boolean {
  return /^(127\.|localhost\b|\[?::1\]?(:|$))/i.test(place);
}

/** A log-in that nobody takes for one of Sense. */
export function testLine(type: 'session_start' | 'session_stop', sessionId: string): object {
  return {
    type,
    user: { directory: 'HEADCOUNT', id: 'test' },
    host: TEST_HOST,
    sessionId,
    message: 'a test line, sent by the page',
  };
}
