import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The process of somebody who makes up names: opens connections over TCP, each of another user to another app, on hosts
 * that take turns. Lines are spread evenly over the time.
 */

export interface MadeUpPlan {
  readonly port: number;
  /** Different names: each line has a user and an app of its own. */
  readonly lines: number;
  readonly hosts: number;
  readonly seconds: number;
}

const TICK_MS = 10;

function lineOf(n: number, hosts: number): string {
  const app = `a421f4a2-c311-4ef4-ba41-${String(n).padStart(12, '0')}`;
  return `/qseow-proxy-connection/;made-up-${n % hosts};Open connection;LAB;ghost${n};AppAccess;/app/${app};Opened\n`;
}

// Whoever started this is gone.
process.once('disconnect', () => process.exit(1));
const [{ port, lines, hosts, seconds }] = (await once(process, 'message')) as [MadeUpPlan];
const socket = connect(port, '127.0.0.1');
await once(socket, 'connect');
const startedAt = performance.now();
for (let sent = 0; sent < lines; ) {
  const due = Math.min(
    lines,
    Math.ceil(((performance.now() - startedAt + TICK_MS) / 1_000 / seconds) * lines),
  );
  let text = '';
  for (; sent < due; sent += 1) text += lineOf(sent, hosts);
  if (!socket.write(text)) await once(socket, 'drain');
  await sleep(TICK_MS);
}
socket.end();
await once(socket, 'close');
process.send?.(performance.now() - startedAt);
process.disconnect();
