import type { Kind, UserEvent } from '../../../src/contract/event.ts';
import { reportOf } from '../../../src/sessions/quality/report.ts';
import { Site } from '../../../src/sessions/site.ts';
import { EPOCH, SETTINGS } from '../model/event-arbitrary.ts';
import { NODE } from '../numbered-lines.ts';

/** The pictures of an edge `berlin` and of a central Headcount, and events on their way between them. */
export class EdgeAndCentre {
  readonly edge = new Site(SETTINGS);
  readonly centre = new Site(SETTINGS);
  /** The clock of the edge. */
  now = EPOCH;
  #head = 0;
  #row = 0;
  #taken = 0;
  #caughtUpTo = 0;
  readonly #onTheWay: UserEvent[] = [];

  constructor() {
    this.centre.otherSites.countBy(() => this.#taken);
  }

  /** A numbered line reaches the edge, unless it is lost. */
  line(kind: Kind, user: string, more: Partial<UserEvent> = {}, isLost = false): void {
    this.#row += 1;
    if (isLost) return;
    const event: UserEvent = {
      ...{ kind, at: this.now, originalAt: null, timed: true, receivedAt: this.now, host: 'node1' },
      ...{ user: { directory: 'LAB', id: user }, origin: null, context: null, appId: null },
      ...{ virtualProxy: null, sessionKey: null, rowNumber: this.#row, result: 0, userAgent: null },
      ...{ message: null, reason: null, eventId: null, ...more },
    };
    if (this.edge.lostLines.note(event, NODE)) this.edge.counterBeganAgain(event);
    this.#head += 1;
    this.edge.apply(event, this.#head);
    this.#onTheWay.push(event);
  }

  /** So many events of those on their way arrive. */
  arrive(events = Number.POSITIVE_INFINITY): void {
    for (const event of this.#onTheWay.splice(0, events)) {
      this.centre.otherSites.know('e1', 'berlin');
      this.#taken += 1;
      this.centre.apply({ ...event, host: `berlin/${event.host}` }, this.#taken);
      this.centre.otherSites.taken('e1', 'berlin', event.receivedAt);
    }
  }

  /** A second passes at the edge. */
  tick(): void {
    this.now += 1_000 - (this.now % 1_000);
    this.edge.tick(this.now);
  }

  /** Time passes there, in which it runs. */
  pass(ms: number): void {
    const until = this.now + ms;
    // Sweeps that are further apart would be a downtime.
    while (this.now + 8_000 < until) {
      this.now += 7_000;
      this.tick();
    }
    this.now = until;
    this.tick();
  }

  /** Everything that it has accepted is in the stream, and it says so. */
  says(): void {
    this.#caughtUpTo = this.now;
    this.#speak();
  }

  /** It says how it is, but its events do not get into the stream any more. */
  saysWithoutSending(): void {
    this.#speak();
  }

  #speak(): void {
    const alive = {
      ...{ site: 'berlin', report: reportOf(this.edge, this.#head, this.now) },
      ...{ done: this.#taken, caughtUpTo: this.#caughtUpTo, sent: [] as number[] },
    };
    if (this.#caughtUpTo === this.now) Object.assign(alive, { done: this.#head, sent: [this.#head] });
    this.centre.otherSites.heard('e1', alive, [0]);
  }

  /** What the central one says of the host, and of everything. */
  qualities(now = this.now) {
    const host = this.centre.identities.hosts.get('berlin/node1');
    const look = this.centre.quality.look(now);
    return { host: host === undefined ? null : look.of(host), all: look.all };
  }
}
