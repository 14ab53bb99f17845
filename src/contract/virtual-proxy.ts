/** The prefix of a virtual proxy as it is compared: that of `/Sales/` is `sales`, and that of the default one is empty. */
export function prefixOf(virtualProxy: string): string {
  return virtualProxy.replace(/^\/|\/$/g, '').toLowerCase();
}

/** A virtual proxy or session key that is unknown agrees with any. */
export function agrees(a: string | null, b: string | null): boolean {
  return a === null || b === null || a === b;
}
