/** What a token allows: `read` everything that answers, `ingest` events. */
export const SCOPES = ['read', 'ingest'] as const;
export type Scope = (typeof SCOPES)[number];

/** Who may use the API. */
export interface AccessToken {
  /** For people; the only thing about a token that may be shown. */
  readonly name: string;
  readonly token: string;
  readonly scopes: readonly Scope[];
}

const LEAST = 16;
const MOST = 1024;
/** RFC 6750, `b64token`: what can stand in a header as it is. */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

/** Why a text is no token, without repeating it; null where it is one. */
export function tokenProblem(text: string): string | null {
  if (text.length < LEAST) return `a token needs at least ${LEAST} characters`;
  if (text.length > MOST) return `a token has at most ${MOST} characters`;
  return TOKEN.test(text) ? null : 'a token has only letters, digits and -._~+/, and = at its end';
}
