// Plain JavaScript, as old as can be: a Node too old for the rest has to read this.

const NEEDED = 24;

/**
 * What is wrong with a version of Node such as `v20.1.0`, in one line; null where it will do.
 *
 * @param {string} version
 * @returns {string | null}
 */
export function nodeProblem(version) {
  if (Number.parseInt(version.slice(1), 10) >= NEEDED) return null;
  return `Headcount needs Node ${NEEDED} or newer; this is ${version} ("npm ci" without --omit=dev brings one)`;
}
