/*
 * Several central Headcounts may share one stream: each is a centre, known by the name of its store, and follows some of its partitions. Of
 * those that follow the same ones, one has the lease of them and answers for them; the others stand by.
 */

/** What a centre says of itself each second. */
export interface CentreWord {
  readonly centre: string;
  /** Those that it follows, in order. */
  readonly partitions: readonly number[];
  /** Number of its lease: whoever got the lease later has a higher one. Null where it stands by. */
  readonly term: number | null;
  /** False where it could not renew its lease for some seconds: another one may have got it meanwhile. */
  readonly isSure: boolean;
  /** What it counts, in a form that whoever hears it checks; null where it stands by. */
  readonly counts: unknown;
}

/** What a centre answered to a question of another one. */
export interface CentreReply {
  /** As of HTTP; 413 where the answer is too long for one message. */
  readonly status: number;
  readonly body: string;
}

/** What is kept under the name of a lease. */
export interface KeptLease {
  /** Null where nobody has it. */
  readonly text: string | null;
  /** Rises with whatever is written; 0 where nothing ever was. */
  readonly revision: number;
}

/** Where leases are kept. Both reject where nobody answers in time: then nobody knows whether something was written. */
export interface LeaseStore {
  read(name: string): Promise<KeptLease>;
  /** Only where nothing was written since that revision: the new one, or null where something was. A null text gives it back. */
  write(name: string, text: string | null, revision: number): Promise<number | null>;
}

/** A connection by which centres hear of each other. */
export interface CentreLink extends LeaseStore {
  /** How many the stream has. */
  readonly partitionCount: number;
  /** What fits into a word or an answer, in bytes. */
  readonly mostBytes: number;
  /** About how many messages of events we have yet to take. */
  behind(): number;
  say(word: CentreWord): void;
  /** Rejects where nobody answers in time. */
  ask(centre: string, path: string, withinMs: number): Promise<CentreReply>;
}

/** A receiver that follows some partitions of a stream: it knows a way to the centres that follow others. */
export interface CentreWay {
  readonly partitions: readonly number[];
  /** To be called once, before the receiver is started. */
  join(centres: CentreIntake): void;
}

/** What a centre has to do with others. */
export interface CentreIntake {
  readonly name: string;
  /** From now on there is a way to the others. What it returns is to be called when that is lost. */
  linked(link: CentreLink): () => void;
  hear(word: CentreWord): void;
  /** What this centre answers to the question of another one: a path of the API with its query. Never rejects. */
  answer(path: string): Promise<CentreReply>;
}

/**
 * `owner`: what it says of its partitions is what counts; `standby`: it follows them; `former`: another one has got them since; `silent`: it was
 * not heard of for two seconds.
 */
export const CENTRE_STATES = ['owner', 'standby', 'former', 'silent'] as const;

/** What is known of one centre. */
export interface CentreStats {
  readonly centre: string;
  readonly isSelf: boolean;
  readonly partitions: readonly number[];
  readonly state: (typeof CENTRE_STATES)[number];
  readonly term: number | null;
  /** Of an owner: whether its lease is renewed. */
  readonly isSure: boolean;
  /** Since it was heard of last. */
  readonly secondsAgo: number;
}
