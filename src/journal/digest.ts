import { hash } from 'node:crypto';

/** 128 bits of the digest: equal only for equal lines. */
const DIGEST_CHARACTERS = 22;

/** What stands for a text of any length, in base64url. */
export function digestOf(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, DIGEST_CHARACTERS);
}

/** An identity as it is remembered: itself, or its digest where that is shorter. */
export function shortIdentity(identity: string): string {
  return identity.length <= DIGEST_CHARACTERS ? identity : digestOf(identity);
}
