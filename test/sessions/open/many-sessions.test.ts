import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FewSessions } from '../../../src/sessions/open/few-sessions.ts';
import { ManySessions } from '../../../src/sessions/open/many-sessions.ts';
import { Connection, Host, Key, type OpenSessions, Session } from '../../../src/sessions/session.ts';

const KEY = new Key(new Host('node1', 0, 0), null);
/** More of them than are looked through one by one. */
const virtualProxy = fc.option(
  fc.nat(11).map((n) => `vp${n}`),
  { freq: 12 },
);
const at = fc.nat(40);
const app = fc.option(fc.constantFrom('a', 'b'), { freq: 3 });

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ opens: virtualProxy, at, key: fc.boolean(), awaits: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ connects: app, at, which: fc.nat() }) },
  fc.record({ closes: fc.nat() }),
  fc.record({ ends: fc.nat() }),
  fc.record({ starts: at, which: fc.nat() }),
  fc.record({ learns: fc.nat(11), which: fc.nat() }),
  fc.record({ adopts: fc.nat() }),
  fc.record({ settles: fc.nat() }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Does the same to sessions of its own, which have the same numbers. */
class World {
  #open: OpenSessions | null = null;
  #sessions: Session[] = [];
  #connections: Connection[] = [];
  #next = 1;

  /** From now on there are many. */
  crowd(): void {
    if (this.#open !== null) this.#open = new ManySessions(this.#open.sessions());
  }

  play(step: Step): void {
    if ('opens' in step) {
      const session = new Session(this.#next++, KEY, step.at, !step.awaits, true, step.at);
      session.virtualProxy = step.opens;
      if (step.key) session.sessionKey = `key${session.id}`;
      if (step.awaits) session.synthesisedAt = step.at;
      if (this.#open === null) this.#open = new FewSessions(session);
      else this.#open.add(session);
      this.#sessions.push(session);
      return;
    }
    const some = ('which' in step ? step.which : Object.values(step)[0]) as number;
    const session = this.#sessions[some % Math.max(1, this.#sessions.length)];
    if (session === undefined || this.#open === null) return;
    if ('connects' in step) {
      const connection = new Connection(this.#next++, session, step.connects, step.at, 0);
      this.#connections.push(connection);
      this.#open.attach(connection);
    } else if ('closes' in step) this.#close(this.#connections[some % Math.max(1, this.#connections.length)]);
    else if ('ends' in step && this.#sessions.length > 1) {
      for (const connection of [...session.openConnections]) this.#close(connection);
      this.#open.remove(session);
      this.#sessions = this.#sessions.filter((each) => each !== session);
    } else if ('starts' in step) this.#open.setStart(session, step.starts);
    else if ('learns' in step && session.virtualProxy === null) {
      this.#open.setVirtualProxy(session, `vp${step.learns}`);
    } else if ('adopts' in step && session.sessionKey === null) {
      this.#open.setSessionKey(session, `key${session.id}`);
    } else if ('settles' in step) this.#open.settle(session);
  }

  #close(connection: Connection | undefined): void {
    if (connection === undefined) return;
    this.#open?.detach(connection);
    this.#connections = this.#connections.filter((each) => each !== connection);
  }

  /** The answers to every question, as numbers. `since` never goes back, as our clock does not. */
  answers(proxy: string | null, since: number): unknown {
    const open = this.#open;
    if (open === null) return null;
    const connections = [null, 'a', 'b'].flatMap((each) => [
      open.newestConnection(proxy, each, 20)?.id,
      ...this.#sessions.map((session) => open.newestConnectionOf(session, each, 20)?.id),
    ]);
    const found = [
      open.oldest(proxy),
      open.newest(proxy),
      open.oldestIdle(proxy),
      open.oldestKeyless(proxy),
      open.firstAwaitingStart(proxy, since),
      open.awaitingLateStart(proxy, since, 5, 30),
      open.only(proxy),
      open.withSessionKey('key3'),
    ];
    const all = Array.from(open.sessions(), ({ id }) => id).toSorted((a, b) => a - b);
    return [open.size, all, connections, found.map((each) => each?.id)];
  }
}

it('the sessions of a crowded key answer each question as looking at all of them does, whatever their virtual proxies', () => {
  const steps = fc.array(step, { minLength: 30, maxLength: 90, size: 'max' });
  fc.assert(
    fc.property(steps, fc.nat(30), fc.array(virtualProxy, { maxLength: 3 }), (all, crowdedAt, asked) => {
      const [few, many] = [new World(), new World()];
      for (const [n, each] of all.entries()) {
        if (n === crowdedAt) many.crowd();
        few.play(each);
        many.play(each);
        for (const proxy of [null, ...asked]) {
          expect(many.answers(proxy, n / 5)).toEqual(few.answers(proxy, n / 5));
        }
      }
    }),
  );
});
