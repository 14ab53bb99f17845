/** What is said to somebody who runs a clone, and what is said in its place to somebody who has a package. */
const WORDS: readonly [clone: string, packages: string][] = [
  ['npm run headcount -- ', 'headcount '],
  [' ("npm ci" without --omit=dev brings one)', ''],
];

export function inWordsOfPackages(text: string): string {
  return WORDS.reduce((said, [clone, packages]) => said.replaceAll(clone, packages), text);
}
