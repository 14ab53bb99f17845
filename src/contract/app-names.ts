/** Names of apps: Sense sends only their ids. */
export interface AppNames {
  /** Whatever the case of the id; null where the name is not known. */
  nameOf(appId: string | null): string | null;
  /** Every app that has a name, by its id in lower case. */
  entries(): Iterable<readonly [appId: string, name: string]>;
}

/** Names of apps by their id in lower case. */
export type NamesById = ReadonlyMap<string, string>;

/** Names that are known from the beginning and stay. */
export function fixedAppNames(byId: NamesById): AppNames {
  return {
    nameOf: (appId) => (appId === null ? null : (byId.get(appId.toLowerCase()) ?? null)),
    entries: () => byId.entries(),
  };
}

/** Names that change while the program runs. */
export class ChangingAppNames implements AppNames {
  #names: AppNames;

  constructor(byId: NamesById) {
    this.#names = fixedAppNames(byId);
  }

  nameOf(appId: string | null): string | null {
    return this.#names.nameOf(appId);
  }

  entries(): Iterable<readonly [appId: string, name: string]> {
    return this.#names.entries();
  }

  replace(byId: NamesById): void {
    this.#names = fixedAppNames(byId);
  }
}

/** What is known of the last questions for names, for `/api/v1/ingest`. */
export interface NamesSource {
  /** `host:port`. */
  readonly server: string;
  /** In ISO 8601; null before. */
  readonly askedAt: string | null;
  /** When the question was asked whose answer was the last good one, maybe by an earlier run. */
  readonly answeredAt: string | null;
  readonly names: number;
  /** Why the last question has no usable answer, in plain words; null where it has one. */
  readonly error: string | null;
}
