import type { Buffer } from 'node:buffer';
import { createRandom, integer } from '../src/simulator/random.ts';
import { type LineKind, writeLine } from './lines.ts';

/** What a sender sends; `from` is how many lines of the stream were sent before, by other senders. */
export type StreamPlan =
  /** Users take turns; each goes on and on through start, open, close, stop. A quarter does each at a time. */
  | { readonly type: 'life'; readonly users: number; readonly from: number }
  /** One Start each, of users never seen before. */
  | { readonly type: 'starts'; readonly from: number }
  /** Connections to random sessions of the users below `users`; each is closed 1,000 opens later. */
  | { readonly type: 'connections'; readonly users: number; readonly from: number };

/** Writes the next line of a stream into a datagram. */
export type WriteNext = (datagram: Buffer) => void;

const LIFE: readonly LineKind[] = ['start', 'open', 'close', 'stop'];
const OPEN_CONNECTIONS = 1_000;

export function createStream(plan: StreamPlan): WriteNext {
  if (plan.type === 'life') return createLife(plan.users, plan.from);
  if (plan.type === 'starts') return createStarts(plan.from);
  return createConnections(plan.users, plan.from);
}

function createLife(users: number, from: number): WriteNext {
  let next = from;
  return (datagram) => {
    const user = next % users;
    const step = Math.floor(next / users) + user;
    writeLine(
      datagram,
      LIFE[step % LIFE.length] ?? 'start',
      user,
      user + Math.floor(step / LIFE.length) * users,
    );
    next += 1;
  };
}

function createStarts(from: number): WriteNext {
  let next = from;
  return (datagram) => {
    writeLine(datagram, 'start', next, next);
    next += 1;
  };
}

/** Opens only, until so many connections are open; then open and close take turns. */
function createConnections(users: number, from: number): WriteNext {
  const random = createRandom(from + 1);
  const ring = new Uint32Array(OPEN_CONNECTIONS + 1);
  let opened = 0;
  let closed = 0;
  return (datagram) => {
    if (opened - closed > OPEN_CONNECTIONS) {
      const oldest = ring[closed % ring.length] ?? 0;
      writeLine(datagram, 'close', oldest, oldest);
      closed += 1;
      return;
    }
    const user = integer(random, users);
    ring[opened % ring.length] = user;
    writeLine(datagram, 'open', user, user);
    opened += 1;
  };
}
