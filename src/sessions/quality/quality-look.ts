import type { Host } from '../session.ts';
import type { LikelyRange } from './balance.ts';
import { type Doubts, type QualityStatement, statement } from './statement.ts';

/** What is not sure of a host, and between which numbers its sessions are likely to be; null where nobody can know. */
export interface Judged {
  readonly doubts: Doubts;
  readonly likely: LikelyRange | null;
}

/** What is said of one moment. Each host is judged once, whatever is asked about it. */
export class QualityLook {
  readonly #judgeAll: (judge: (host: Host) => Judged) => QualityStatement;
  readonly #judgeHost: (host: Host) => Judged;
  readonly #judged = new Map<Host, Judged>();
  #all: QualityStatement | null = null;

  constructor(
    judgeAll: (judge: (host: Host) => Judged) => QualityStatement,
    judgeHost: (host: Host) => Judged,
  ) {
    this.#judgeAll = judgeAll;
    this.#judgeHost = judgeHost;
  }

  get all(): QualityStatement {
    this.#all ??= this.#judgeAll((host) => this.#judge(host));
    return this.#all;
  }

  /** Of one host's numbers: what another host lost does not touch them. */
  of(host: Host): QualityStatement {
    const { doubts, likely } = this.#judge(host);
    return statement(doubts, host.openSessions, host.openUsers, likely);
  }

  #judge(host: Host): Judged {
    let judged = this.#judged.get(host);
    if (judged === undefined) {
      judged = this.#judgeHost(host);
      this.#judged.set(host, judged);
    }
    return judged;
  }
}
