/** The part of a logger that receivers need. */
export interface ReceiverLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** What every receiver is made with. */
export interface ReceiverParts {
  /** As in logs and metrics. */
  readonly name: string;
  readonly now: () => number;
  /** Where relative paths in its settings start from. */
  readonly folder: string;
  readonly log: ReceiverLog;
  /** Logs what may come a million times: at once, then once a minute with a count and the latest sample. */
  readonly trouble: (kind: string, sample: string) => void;
  /** How often names of `allow` are looked up and the files of `tls` read again; a minute unless given. */
  readonly lookAgainMs?: number;
}

export const LOOK_AGAIN_MS = 60_000;

/** Counts something unwelcome. Logs the 1st, 10th, 100th, ..., so that a storm of it cannot fill the disk. */
export class LoggedCount {
  count = 0;
  readonly #log: (fields: object) => void;
  #nextLogged = 1;

  constructor({ name, log }: ReceiverParts, level: 'info' | 'warn', message: string) {
    this.#log = (fields) => log[level]({ receiver: name, ...fields }, message);
  }

  add(fields: object): void {
    this.count += 1;
    if (this.count < this.#nextLogged) return;
    this.#nextLogged *= 10;
    this.#log({ ...fields, count: this.count });
  }
}
