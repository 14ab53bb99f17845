export interface SilentHost {
  readonly host: string;
  /** ISO 8601: when its last line came. */
  readonly silentSince: string;
}

/** The hosts from which nothing comes any more, the longest silence first. */
export function silentHosts(
  hosts: readonly { readonly host: string; readonly silentSince: string | null }[],
): SilentHost[] {
  return hosts
    .flatMap(({ host, silentSince }) => (silentSince === null ? [] : [{ host, silentSince }]))
    .sort(
      (one, other) => one.silentSince.localeCompare(other.silentSince) || (one.host < other.host ? -1 : 1),
    );
}
