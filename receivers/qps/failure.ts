import type { AnswerFault } from './answer.ts';

/** Why a poll has no usable answer. */
export type FailureReason =
  | AnswerFault
  | 'certificates'
  | 'no_such_name'
  | 'no_connection'
  | 'foreign_certificate'
  | 'wrong_name'
  | 'expired_certificate'
  | 'tls'
  | 'closed'
  | 'timeout'
  | 'refused'
  | 'unknown_virtual_proxy'
  | 'redirect'
  | 'server_error'
  | 'unexpected_status';

export interface Failure {
  readonly reason: FailureReason;
  /** What the system, TLS or the server said; may be empty. */
  readonly detail: string;
  /** How far the server could be reached: not at all, a connection, or an answer of whatever kind. */
  readonly reached: 'nothing' | 'connection' | 'answer';
}

/** What is the same whichever service of Sense is asked: what happened, and what to do about it. */
export const WORDS_OF_ANY_SERVICE = {
  certificates: ['the certificates cannot be used', 'export them from the QMC once more'],
  no_such_name: [
    'no such name',
    'use a name that this machine can look up, and "servername" for the one of the certificate',
  ],
  expired_certificate: ['its certificate is not valid now', 'renew it on the node; compare the clocks'],
  closed: [
    'it closed the connection without an answer',
    'most often the client certificate is not of this site or has expired: export it from the QMC once more',
  ],
  timeout: ['no whole answer in time', 'look how busy the node is, or raise "timeout"'],
  refused: ['it refused the request', 'the client certificate must be exported from the QMC of this site'],
} as const;

/** What each means, and what to do about it. */
const WORDS: Readonly<Record<FailureReason, readonly [what: string, remedy: string]>> = {
  ...WORDS_OF_ANY_SERVICE,
  no_connection: [
    'no connection',
    'does the proxy service run there, and does the firewall let this machine in?',
  ],
  foreign_certificate: [
    'its certificate is not of the authority in certificates.ca',
    'the root.pem must be of the same site, and the port that of QPS',
  ],
  wrong_name: ['its certificate is for another name', 'set "servername" of the server to that name'],
  tls: ['no encrypted connection', 'is it the port of QPS, and the client certificate of this site?'],
  unknown_virtual_proxy: [
    'it knows no such virtual proxy',
    'compare "virtualProxies" with the prefixes in the QMC, and which of them this proxy is linked to',
  ],
  redirect: ['it redirects to another place', 'the port must be that of QPS, 4243, not the one of users'],
  server_error: ['it failed on its side', 'look into the log of its proxy service'],
  unexpected_status: ['an unexpected status', 'is it the port of QPS?'],
  empty: ['its answer was empty', 'is it the port of QPS?'],
  html: ['it answered with a web page', 'the port must be that of QPS, 4243, not the one of users'],
  not_json: ['its answer is no JSON', 'is it the port of QPS?'],
  not_a_list: ['its answer is no list of sessions', 'is it the port of QPS?'],
  cut_off: ['its answer ended in the middle', 'look for what cuts connections on the way'],
  bad_text: ['its answer is not in UTF-8', 'is it the port of QPS?'],
  bad_row: ['its answer has an item that is no session', 'is it the port of QPS?'],
  too_large: ['its answer is larger than 64 MiB', 'is it the port of QPS?'],
  too_many: ['its answer has more than 200,000 sessions', 'is it the port of QPS?'],
};

/** What happened, in plain words and without the remedy. */
export function describe({ reason, detail }: Failure): string {
  const [what] = WORDS[reason];
  return detail === '' ? what : `${what} (${detail})`;
}

export function remedyOf({ reason }: Failure): string {
  return WORDS[reason][1];
}

/** What an error of a socket or of TLS means. */
export function failureOf(error: NodeJS.ErrnoException, reached: Failure['reached']): Failure {
  return { reason: reasonOf(error, reached), detail: detailOf(error), reached };
}

/** Statuses other than 200. */
export function failureOfStatus(status: number): Failure {
  const detail = `status ${status}`;
  const reached = 'answer';
  if (status === 401 || status === 403) return { reason: 'refused', detail, reached };
  if (status === 400 || status === 404) return { reason: 'unknown_virtual_proxy', detail, reached };
  if (status >= 300 && status < 400) return { reason: 'redirect', detail, reached };
  return { reason: status >= 500 ? 'server_error' : 'unexpected_status', detail, reached };
}

const BY_CODE: Readonly<Record<string, FailureReason>> = {
  ENOTFOUND: 'no_such_name',
  EAI_AGAIN: 'no_such_name',
  ERR_TLS_CERT_ALTNAME_INVALID: 'wrong_name',
  CERT_HAS_EXPIRED: 'expired_certificate',
  CERT_NOT_YET_VALID: 'expired_certificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'foreign_certificate',
  UNABLE_TO_GET_ISSUER_CERT: 'foreign_certificate',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'foreign_certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'foreign_certificate',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'foreign_certificate',
  CERT_SIGNATURE_FAILURE: 'foreign_certificate',
};

function reasonOf({ code = '' }: NodeJS.ErrnoException, reached: Failure['reached']): FailureReason {
  const known = BY_CODE[code];
  if (known !== undefined) return known;
  // A server may refuse a certificate by an alert, which comes before or after the handshake is complete here.
  if (code.startsWith('ERR_SSL') || code === 'EPROTO') return /ALERT/.test(code) ? 'closed' : 'tls';
  if (code === 'ECONNRESET' || code === 'EPIPE' || code.startsWith('HPE_')) {
    return reached === 'answer' ? 'cut_off' : 'closed';
  }
  return reached === 'nothing' ? 'no_connection' : 'closed';
}

const MOST_CHARACTERS = 120;

function detailOf({ code, message }: NodeJS.ErrnoException): string {
  // Of several addresses the message may be empty.
  return (message === '' ? (code ?? '') : message).slice(0, MOST_CHARACTERS);
}
