import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import { knownHosts } from './api/foreign-pages.ts';
import type { Config } from './config.ts';
import type { AccessToken } from './core/access-token.ts';

/** Who may use the API, which a reload may change. */
export class ApiAccess {
  #settings: Config['api'];
  readonly #log: Logger;

  constructor(settings: Config['api'], log: Logger) {
    this.#settings = settings;
    this.#log = log;
  }

  get tokens(): readonly AccessToken[] {
    return this.#settings.tokens;
  }

  get hosts(): readonly string[] | null {
    return knownHosts(this.#settings);
  }

  /** Takes new tokens and names; answers the keys that it cannot take. */
  take({ tokens, hosts }: Config['api']): string[] {
    const { tokens: before } = this.#settings;
    // The configuration was found good for an address that may not be the one it listens on.
    const opens = tokens.length === 0 && before.length > 0;
    const taken = opens ? before : tokens;
    this.#settings = { ...this.#settings, hosts, tokens: taken };
    if (!isDeepStrictEqual(taken, before)) {
      this.#log.info({ tokens: taken.map(({ name }) => name) }, 'tokens reloaded');
    }
    return opens ? ['api.tokens'] : [];
  }
}
