import type { Host, Key, Session } from '../session.ts';
import type { HostDoubt } from './host-doubt.ts';

/** True where the session may have ended unnoticed: no sign of life came since lines of its host were lost. */
export function isDoubtful(session: Session): boolean {
  return session.epoch < session.key.host.doubt.epoch;
}

/** Keeps account of which open sessions are sure. A line costs O(1); a loss costs O(keys that it makes doubtful). */
export class Doubt {
  /** Distinct users over all hosts with a session that is sure. */
  users = 0;

  opened(session: Session): void {
    if (isDoubtful(session)) this.#old(session.key.host.doubt, session.epoch, 1);
    else this.#enter(session.key);
  }

  ended(session: Session): void {
    if (isDoubtful(session)) this.#old(session.key.host.doubt, session.epoch, -1);
    else this.#leave(session.key);
  }

  /** A sign of life of this very session. */
  clear(session: Session): void {
    const { doubt } = session.key.host;
    if (session.epoch === doubt.epoch) return;
    this.#old(doubt, session.epoch, -1);
    session.epoch = doubt.epoch;
    this.#enter(session.key);
  }

  /** Of two open sessions of one key it is not known which one is meant: the doubt of one goes over to the other. */
  swap(one: Session, other: Session): void {
    const { epoch } = one;
    this.ended(one);
    this.ended(other);
    one.epoch = other.epoch;
    other.epoch = epoch;
    this.opened(one);
    this.opened(other);
  }

  /** Lines of the host were lost: from now on each of its open sessions is doubtful. */
  raise(host: Host, epoch: number): void {
    const { doubt } = host;
    if (doubt.sessions > 0) doubt.older.set(doubt.epoch, doubt.sessions);
    for (const key of doubt.keys) {
      key.sure = 0;
      if (key.user !== null) this.#userLeft(key.user);
    }
    doubt.keys = [];
    doubt.sessions = 0;
    doubt.users = 0;
    doubt.epoch = epoch;
  }

  #old(doubt: HostDoubt<Key>, epoch: number, by: 1 | -1): void {
    const left = (doubt.older.get(epoch) ?? 0) + by;
    if (left > 0) doubt.older.set(epoch, left);
    else doubt.older.delete(epoch);
  }

  #enter(key: Key): void {
    const { doubt } = key.host;
    doubt.sessions += 1;
    key.sure += 1;
    if (key.sure > 1) return;
    key.sureSlot = doubt.keys.length;
    doubt.keys.push(key);
    if (key.user === null) return;
    doubt.users += 1;
    key.user.sureKeys += 1;
    if (key.user.sureKeys === 1) this.users += 1;
  }

  #leave(key: Key): void {
    const { doubt } = key.host;
    doubt.sessions -= 1;
    key.sure -= 1;
    if (key.sure > 0) return;
    const last = doubt.keys.pop();
    if (last !== undefined && last !== key) {
      doubt.keys[key.sureSlot] = last;
      last.sureSlot = key.sureSlot;
    }
    if (key.user === null) return;
    doubt.users -= 1;
    this.#userLeft(key.user);
  }

  #userLeft(user: { sureKeys: number }): void {
    user.sureKeys -= 1;
    if (user.sureKeys === 0) this.users -= 1;
  }
}
