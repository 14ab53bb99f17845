import { Centres } from '../../src/centres/centres.ts';
import type { CentreLink, CentreReply, CentreWord, KeptLease } from '../../src/contract/centres/centre.ts';

const NEVER = 1 << 30;

/** What connects centres in place of servers of NATS: words, questions and leases, all in memory, with one clock for all. */
export class Network {
  now = 0;
  mostBytes = 1_000_000;
  /** Characters of an answer that fit into a message. */
  mostReply = Number.POSITIVE_INFINITY;
  readonly partitionCount: number;
  readonly members = new Map<string, Centres>();
  readonly troubles: [kind: string, sample: string][] = [];
  /** Nobody hears of these. */
  readonly cutOff = new Set<string>();
  readonly #ticks: (() => void)[] = [];
  readonly #leases = new Map<string, KeptLease>();
  #revision = 0;

  constructor(partitionCount: number) {
    this.partitionCount = partitionCount;
  }

  centre(name: string, partitions: readonly number[]): Centres {
    const centres = new Centres({
      ...{ name, partitions },
      clock: () => this.now,
      repeat: (callback) => {
        this.#ticks.push(callback);
        return setTimeout(() => {}, NEVER).unref();
      },
      trouble: (kind, sample) => this.troubles.push([kind, sample]),
      said: () => {},
    });
    this.members.set(name, centres);
    return centres;
  }

  /** Begins, and lets everybody say something. */
  async begin(): Promise<void> {
    for (const [name, centres] of this.members) {
      centres.start();
      centres.linked(this.#link(name));
    }
    await this.pass(0);
    await this.pass(1_000);
  }

  async pass(ms: number): Promise<void> {
    this.now += ms;
    for (const tick of this.#ticks) tick();
    // What they wait for is in memory.
    await new Promise(setImmediate);
  }

  #link(name: string): CentreLink {
    const others = () => [...this.members].filter(([other]) => other !== name && !this.cutOff.has(name));
    return {
      partitionCount: this.partitionCount,
      mostBytes: this.mostBytes,
      behind: () => 0,
      say: (word: CentreWord) => {
        for (const [, other] of others()) other.hear(JSON.parse(JSON.stringify(word)));
      },
      ask: async (centre: string, path: string): Promise<CentreReply> => {
        const other = this.members.get(centre);
        if (other === undefined || this.cutOff.has(centre) || this.cutOff.has(name))
          throw new Error('no answer');
        const reply = await other.answer(path);
        return reply.body.length > this.mostReply ? { status: 413, body: '' } : reply;
      },
      read: async (lease) => this.#leases.get(lease) ?? { text: null, revision: 0 },
      write: async (lease, text, revision) => {
        if ((this.#leases.get(lease)?.revision ?? 0) !== revision) return null;
        this.#revision += 1;
        this.#leases.set(lease, { text, revision: this.#revision });
        return this.#revision;
      },
    };
  }
}
