import Bowser from 'bowser';
import type { Client } from '../../contract/rows.ts';

export interface BrowserAndOs {
  readonly browser: string | null;
  readonly os: string | null;
}

const UNKNOWN: Client = { browser: null, browserVersion: null, os: null, osVersion: null };
const MOST = 10_000;

/** Browser and operating system by user agent; null where unknown. */
export class UserAgents {
  readonly #known = new Map<string, Client>();

  /** Names and versions apart: `Chrome`, `131`, `Windows`, `10`. */
  clientOf(userAgent: string | null): Client {
    if (userAgent === null) return UNKNOWN;
    const known = this.#known.get(userAgent);
    if (known !== undefined) return known;
    const { browser, os } = Bowser.parse(userAgent);
    const client = {
      browser: browser.name || null,
      browserVersion: browser.version?.split('.')[0] || null,
      os: os.name || null,
      osVersion: os.versionName?.replace(/^NT .*/, '') || os.version || null,
    };
    if (this.#known.size >= MOST) this.#known.clear();
    this.#known.set(userAgent, client);
    return client;
  }

  /** As people read them: `Chrome 131`, `Windows 10`. */
  describe(userAgent: string | null): BrowserAndOs {
    const { browser, browserVersion, os, osVersion } = this.clientOf(userAgent);
    return { browser: named(browser, browserVersion), os: named(os, osVersion) };
  }
}

function named(name: string | null, version: string | null): string | null {
  return name === null || version === null ? name : `${name} ${version}`;
}
