import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChangingAppNames, type NamesById, type NamesSource } from '../contract/app-names.ts';
import { QrsNames, type QrsNamesParts } from './qrs-names.ts';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const KEY_LETTERS = 16;

/** 16 letters that no page in a browser can guess, as QRS wants them. */
export function createXrfKey(): string {
  return Array.from({ length: KEY_LETTERS }, () => LETTERS[randomInt(LETTERS.length)]).join('');
}

/** What `SiteAppNames` needs to ask QRS. */
export type QrsParts = Omit<QrsNamesParts, 'isNamed' | 'changed' | 'world'> & { readonly now: () => number };

/** The names that count now: those of the configuration (its own, then those of its file) before those of QRS. */
export class SiteAppNames extends ChangingAppNames {
  readonly #changed: (byId: NamesById) => void;
  readonly #qrs: QrsNames | null;
  #configured: NamesById;
  #told: NamesById = new Map();

  /** `qrs`: null where nobody is asked. `changed` is called with all names, each time that one of them has changed. */
  constructor(configured: NamesById, qrs: QrsParts | null, changed: (byId: NamesById) => void) {
    super(configured);
    this.#configured = configured;
    this.#changed = changed;
    this.#qrs = qrs === null ? null : this.#createQrs(qrs);
  }

  #createQrs({ now, ...parts }: QrsParts): QrsNames {
    return new QrsNames({
      ...parts,
      isNamed: (appId) => this.nameOf(appId) !== null,
      changed: (byId) => {
        this.#told = byId;
        this.#change();
      },
      world: {
        now,
        wait: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
        timeout: (ms) => AbortSignal.timeout(ms),
        createKey: createXrfKey,
      },
    });
  }

  /** Takes names as the configuration has them now; returns whether any of them is another one than before. */
  takeConfigured(byId: NamesById): boolean {
    const before = this.#configured;
    if (before.size === byId.size && [...byId].every(([id, name]) => before.get(id) === name)) return false;
    this.#configured = byId;
    this.#change();
    return true;
  }

  #change(): void {
    const all = new Map([...this.#told, ...this.#configured]);
    this.replace(all);
    this.#changed(all);
  }

  /** Null where nobody is asked. */
  get source(): NamesSource | null {
    return this.#qrs?.stats ?? null;
  }

  start(): void {
    this.#qrs?.start();
  }

  async stop(): Promise<void> {
    await this.#qrs?.stop();
  }
}
