/** Names of apps: Sense sends only their ids. */
export interface AppNames {
  /** Whatever the case of the id; null where the name is not known. */
  nameOf(appId: string | null): string | null;
  /** Every app that has a name, by its id in lower case. */
  entries(): Iterable<readonly [appId: string, name: string]>;
}

/** Names that are known from the beginning and stay. `byId`: lower-cased id to name. */
export function fixedAppNames(byId: ReadonlyMap<string, string>): AppNames {
  return {
    nameOf: (appId) => (appId === null ? null : (byId.get(appId.toLowerCase()) ?? null)),
    entries: () => byId.entries(),
  };
}
