import Bowser from 'bowser';

export interface BrowserAndOs {
  readonly browser: string | null;
  readonly os: string | null;
}

const UNKNOWN: BrowserAndOs = { browser: null, os: null };
const MOST = 10_000;

/** Browser and operating system by user agent, such as `Chrome 131` and `Windows 10`; null where unknown. */
export class UserAgents {
  readonly #known = new Map<string, BrowserAndOs>();

  describe(userAgent: string | null): BrowserAndOs {
    if (userAgent === null) return UNKNOWN;
    const known = this.#known.get(userAgent);
    if (known !== undefined) return known;
    const { browser, os } = Bowser.parse(userAgent);
    const described = {
      browser: nameAndVersion(browser.name, browser.version?.split('.')[0]),
      os: nameAndVersion(os.name, os.versionName?.replace(/^NT .*/, '') || os.version),
    };
    if (this.#known.size >= MOST) this.#known.clear();
    this.#known.set(userAgent, described);
    return described;
  }
}

function nameAndVersion(name: string | undefined, version: string | undefined): string | null {
  if (!name) return null;
  return version ? `${name} ${version}` : name;
}
