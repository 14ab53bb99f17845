import type { UserEvent } from '../contract/event.ts';
import type { EndReason } from '../contract/rows.ts';
import { agrees } from '../contract/virtual-proxy.ts';
import { byOpening } from './open/orders.ts';
import type { OrphanClose, OrphanStop } from './orphans.ts';
import type { Connection, Key, Session } from './session.ts';
import { copied } from './string-pool.ts';

/** An Open and its Start may come in either order within this time of each other's arrival. */
const CONFIRM_WITHIN_MS = 5_000;

/** Of each kind of thing a key remembers, the last so many. Bounds memory and the cost of a line. */
const REMEMBERED = 64;

/**
 * What a Stop ended or did not find is remembered for so long, by our clock: longer than a late line is waited for, since arrival
 * times may step back a little.
 */
export const STOP_REMEMBERED_MS = 120_000;

/** Ends that no line told: a later one may correct them. */
export const INFERRED: readonly EndReason[] = ['timeout', 'max_age', 'restart', 'snapshot'];

export function isInferred(reason: EndReason | null): boolean {
  return reason !== null && INFERRED.includes(reason);
}

/** A session whose end no line told. */
export function rememberTimeOut(session: Session): void {
  session.key.timedOut = withNew(session.key.timedOut, session);
}

/** It was none. */
export function forgetTimeOut(session: Session): void {
  if (session.endReason === 'timeout') session.key.host.balance.takeBackTimeOut();
  session.key.timedOut = without(session.key.timedOut, session);
}

/** A connection that a Stop closed: its own Close may still come. */
export function rememberClosedByStop(connection: Connection): void {
  connection.closedByStop = true;
  const { key } = connection.session;
  key.closedByStop = withNew(recent(key.closedByStop, connection, stoppedAt), connection);
}

function stoppedAt({ session }: Connection): number {
  return session.endedSeenAt ?? 0;
}

export function forgetClosedByStop(connection: Connection): void {
  connection.closedByStop = false;
  const { key } = connection.session;
  key.closedByStop = without(key.closedByStop, connection);
}

/** A Stop without session: a late Start may pair with it. `seq` is its number in the journal. */
export function rememberOrphanStop(key: Key, event: UserEvent, seq: number): void {
  const stop = orphan(event, seq);
  key.orphanStops = withNew(recent(key.orphanStops, stop, arrivedAt), stop);
}

function orphan({ at, receivedAt, timed, sessionKey, virtualProxy }: UserEvent, seq: number): OrphanStop {
  const copy = (text: string | null) => (text === null ? null : copied(text));
  return { at, receivedAt, timed, sessionKey: copy(sessionKey), virtualProxy: copy(virtualProxy), seq };
}

function arrivedAt({ receivedAt }: OrphanStop): number {
  return receivedAt;
}

export function forgetOrphanStop(key: Key, stop: OrphanStop): void {
  key.orphanStops = without(key.orphanStops, stop);
}

/** A Close without connection: a late Open may pair with it. */
export function rememberOrphanClose(key: Key, event: UserEvent, seq: number): void {
  if (!event.timed) return;
  const appId = event.appId === null ? null : copied(event.appId);
  const close = { ...orphan(event, seq), appId };
  key.orphanCloses = withNew(recent(key.orphanCloses, close, arrivedAt), close);
}

export function forgetOrphanClose(key: Key, close: OrphanClose): void {
  key.orphanCloses = without(key.orphanCloses, close);
}

/** A session that a Stop ended: a late Start or Open of it may still come. Returns the one that is forgotten for it. */
export function rememberStopped(session: Session): Session | null {
  const { key } = session;
  const [oldest = null] = key.stopped !== null && key.stopped.length >= REMEMBERED ? key.stopped : [];
  key.stopped = withNew(key.stopped, session);
  return oldest;
}

export function forgetStopped(session: Session): void {
  session.key.stopped = without(session.key.stopped, session);
}

/** Those that may matter still when `entry` comes. They are in order, but for a clock that stepped back. */
function recent<T>(list: T[] | null, entry: T, atOf: (each: T) => number): T[] | null {
  if (list === null) return null;
  const since = atOf(entry) - STOP_REMEMBERED_MS;
  const over = list.findIndex((each) => atOf(each) >= since);
  list.splice(0, over < 0 ? list.length : over);
  return list;
}

function withNew<T>(list: T[] | null, entry: T): T[] {
  if (list === null) return [entry];
  if (list.length >= REMEMBERED) list.shift();
  list.push(entry);
  return list;
}

function without<T>(list: T[] | null, entry: T): T[] | null {
  const left = (list ?? []).filter((each) => each !== entry);
  return left.length === 0 ? null : left;
}

/** A Start this much earlier than an orphan Stop is that Stop's. */
export const PAIR_WITHIN_MS = 20_000;
/** How long an orphan Stop waits for its Start to arrive. */
const ORPHAN_WAITS_MS = 60_000;
/** A Close this late still belongs to a session that was stopped. Seen live: 18 s. */
const COMPLETE_WITHIN_MS = 60_000;
/** How long after a Stop a Start or Open of its session is looked for. */
export const LATE_WITHIN_MS = 60_000;
/** How long an end by time-out can be taken back. */
const CORRECT_WITHIN_MS = 24 * 3_600_000;

/** False where the line is surely from before the session. */
export function qualifies(session: Session, event: UserEvent): boolean {
  return !(event.timed && session.startTimed && session.startedAt > event.at);
}

function withinADay(session: Session, event: UserEvent): boolean {
  return (
    event.at - (session.endedAt ?? 0) <= CORRECT_WITHIN_MS &&
    event.receivedAt - (session.endedSeenAt ?? 0) <= CORRECT_WITHIN_MS
  );
}

/** The session that ended last among those that `fits` accepts. */
function latest(key: Key, event: UserEvent, fits: (session: Session) => boolean): Session | null {
  let found: Session | null = null;
  for (const session of key.timedOut ?? []) {
    if (!withinADay(session, event) || !fits(session)) continue;
    const later = found === null ? 1 : (session.endedAt ?? 0) - (found.endedAt ?? 0) || session.id - found.id;
    if (later > 0) found = session;
  }
  return found;
}

/** It ended for want of a sign of life, so that one takes it up again. */
function wasSilent({ endReason }: Session): boolean {
  return endReason === 'timeout' || endReason === 'restart' || endReason === 'snapshot';
}

/** The session with this very session key that a Start takes up again. */
export function toRestart(key: Key, event: UserEvent, sessionKey: string): Session | null {
  return latest(key, event, (each) => each.sessionKey === sessionKey && wasSilent(each));
}

/**
 * The session whose end a Stop corrects, because no line told it: the one with this very session key, or, for a
 * null one, any.
 */
export function toCorrect(key: Key, event: UserEvent, sessionKey: string | null): Session | null {
  return latest(
    key,
    event,
    (session) =>
      (sessionKey === null || session.sessionKey === sessionKey) &&
      qualifies(session, event) &&
      agrees(session.virtualProxy, event.virtualProxy),
  );
}

/** The silent session that an Open takes up again: first of all the one with its session key. */
export function toReopen(key: Key, event: UserEvent, sessionKey: string | null): Session | null {
  const timedOut = (wanted: (session: Session) => boolean) =>
    latest(
      key,
      event,
      (each) => wasSilent(each) && agrees(each.virtualProxy, event.virtualProxy) && wanted(each),
    );
  const same = sessionKey === null ? null : timedOut((each) => each.sessionKey === sessionKey);
  return same ?? timedOut((each) => agrees(each.sessionKey, sessionKey));
}

/** The earliest orphan Stop that a late Start pairs with. */
export function orphanStopFor(key: Key, event: UserEvent, sessionKey: string | null): OrphanStop | null {
  return earliest(key.orphanStops, event, sessionKey);
}

/**
 * The earliest orphan Stop before this late Start whose session was ended by the Stop of this one; only for a line without a
 * usable session key.
 */
export function crossedStopFor(key: Key, event: UserEvent): OrphanStop | null {
  if (!event.timed || key.orphanStops === null) return null;
  let found: OrphanStop | null = null;
  for (const stop of key.orphanStops) {
    if (!stop.timed || event.receivedAt - stop.receivedAt > ORPHAN_WAITS_MS) continue;
    if (!agrees(stop.virtualProxy, event.virtualProxy) || !hasCrossed(key, stop.at, event.at, event))
      continue;
    if (found === null || stop.at < found.at) found = stop;
  }
  return found;
}

/** Of two sessions one after the other the Stop of the second one came first, and ended the first one. */
export function hasCrossed(key: Key, stoppedAt: number, startedAt: number, event: UserEvent): boolean {
  if (stoppedAt > startedAt) return false;
  return (key.stopped ?? []).some(
    (first) =>
      first.startTimed &&
      first.startedAt <= stoppedAt &&
      startedAt <= (first.endedAt ?? 0) &&
      event.receivedAt - (first.endedSeenAt ?? 0) <= LATE_WITHIN_MS &&
      agrees(first.virtualProxy, event.virtualProxy),
  );
}

/** The earliest orphan Close of the line's app that a late Open pairs with. */
export function orphanCloseFor(key: Key, event: UserEvent, sessionKey: string | null): OrphanClose | null {
  if (key.orphanCloses === null) return null;
  const ofApp = key.orphanCloses.filter(({ appId }) => appId === event.appId);
  return earliest(ofApp, event, sessionKey);
}

function earliest<T extends OrphanStop>(
  orphans: readonly T[] | null,
  event: UserEvent,
  sessionKey: string | null,
): T | null {
  if (!event.timed) return null;
  let found: T | null = null;
  for (const each of orphans ?? []) {
    if (!each.timed || each.at < event.at || each.at - event.at > PAIR_WITHIN_MS) continue;
    if (event.receivedAt - each.receivedAt > ORPHAN_WAITS_MS) continue;
    if (!agrees(each.virtualProxy, event.virtualProxy) || !agrees(each.sessionKey, sessionKey)) continue;
    if (found === null || each.at < found.at) found = each;
  }
  return found;
}

/** The session that a Stop ended before this Start or Open of it came. */
export function stoppedBefore(key: Key, event: UserEvent, sessionKey: string | null): Session | null {
  if (!event.timed || key.stopped === null) return null;
  const isStart = event.kind === 'session_start';
  let found: Session | null = null;
  for (const session of key.stopped) {
    const isSame = sessionKey !== null && session.sessionKey === sessionKey;
    if (event.at > (session.endedAt ?? 0)) continue;
    if (event.receivedAt - (session.endedSeenAt ?? 0) > LATE_WITHIN_MS) continue;
    if (session.startExact && (isStart || (event.at < session.startedAt && !isSame))) continue;
    if (!agrees(session.virtualProxy, event.virtualProxy) || !agrees(session.sessionKey, sessionKey))
      continue;
    // Its session key has gone over to another one.
    if (session.sessionKey !== null && key.open?.withSessionKey(session.sessionKey)) continue;
    if (found === null || isBefore(session, found, sessionKey)) found = session;
  }
  return found;
}

/** One with the line's session key first, then the one that ended first. */
function isBefore(a: Session, b: Session, sessionKey: string | null): boolean {
  const [hasKey, otherHasKey] = [a, b].map((each) => sessionKey !== null && each.sessionKey === sessionKey);
  if (hasKey !== otherHasKey) return hasKey === true;
  return ((a.endedAt ?? 0) - (b.endedAt ?? 0) || a.id - b.id) < 0;
}

/** The newest connection of the line's app that a Stop closed for want of a better time. */
export function closedByStop(key: Key, event: UserEvent, sessionKey: string | null): Connection | null {
  let found: Connection | null = null;
  for (const connection of key.closedByStop ?? []) {
    const session = connection.session;
    if (connection.appId !== event.appId) continue;
    if (event.at - (session.endedAt ?? 0) > COMPLETE_WITHIN_MS) continue;
    if (event.receivedAt - (session.endedSeenAt ?? 0) > COMPLETE_WITHIN_MS) continue;
    if (!agrees(session.virtualProxy, event.virtualProxy) || !agrees(session.sessionKey, sessionKey))
      continue;
    if (found === null || byOpening(connection, found) > 0) found = connection;
  }
  return found;
}

/** The session that an Open of it synthesised because that came before this Start. */
export function awaitingStart(
  { open }: Key,
  { at, receivedAt, timed, virtualProxy }: UserEvent,
): Session | null {
  if (open === null) return null;
  const [since, to] = [receivedAt - LATE_WITHIN_MS, at + PAIR_WITHIN_MS];
  const late = timed ? open.awaitingLateStart(virtualProxy, since, at, to) : null;
  return late ?? open.firstAwaitingStart(virtualProxy, receivedAt - CONFIRM_WITHIN_MS);
}
