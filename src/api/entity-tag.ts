import { hash } from 'node:crypto';

/** Of the counts as JSON but for `asOf`. Weak, because two answers that differ in when they were given alone are as good as the same. */
export function countsTag(json: string): string {
  return `W/"${hash('sha256', json, 'base64url').slice(0, 22)}"`;
}

/** Whether an `If-None-Match` has the tag, compared weakly as RFC 9110 says. */
export function isMatch(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const bare = tag.replace(/^W\//, '');
  return ifNoneMatch.split(',').some((each) => {
    const given = each.trim();
    return given === '*' || given.replace(/^W\//, '') === bare;
  });
}
