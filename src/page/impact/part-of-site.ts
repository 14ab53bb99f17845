/** What may stop: a host or a virtual proxy. */
export interface PartOfSite {
  readonly host: string | null;
  readonly virtualProxy: string | null;
}

/** As the value of a choice. */
export function choiceOf({ host, virtualProxy }: PartOfSite): string {
  return host === null ? `proxy:${virtualProxy ?? ''}` : `host:${host}`;
}

/** Null where the text is none. */
export function partOf(value: string | null): PartOfSite | null {
  if (value?.startsWith('host:')) return { host: value.slice(5), virtualProxy: null };
  if (value?.startsWith('proxy:')) return { host: null, virtualProxy: value.slice(6) };
  return null;
}

/** What is looked at: the choice, else what the page is filtered to, else the usual host. Null where there is nothing. */
export function partShown(
  chosen: string | null,
  filtered: PartOfSite,
  usual: string | null,
): PartOfSite | null {
  const part = partOf(chosen);
  if (part !== null) return part;
  if (filtered.host !== null || filtered.virtualProxy !== null) {
    return filtered.host === null ? filtered : { host: filtered.host, virtualProxy: null };
  }
  return usual === null ? null : { host: usual, virtualProxy: null };
}

/** The name of the host with the most sessions; null where there is none. */
export function fullestHost(
  hosts: readonly { readonly host: string; readonly sessions: number | null }[],
): string | null {
  const [first] = hosts.toSorted((one, other) => (other.sessions ?? 0) - (one.sessions ?? 0));
  return first?.host ?? null;
}
