import { NeedsOperatorError } from '../src/core/sink.ts';

const MOST_REASON = 500;
/** What QuestDB puts before the fault of a line; the number is the line's in the request, which nobody knows. */
const PREFACE =
  /^failed to parse line protocol:\s*errors encountered on line\(s\):\s*(?:error in line \d+: )?/;

/** The end of one request. `text` may be cut, and anything at all where something else than QuestDB answers. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Lines cannot be taken as they are. */
export interface Refusal {
  /** Fewer lines at once may pass. */
  readonly isTooLarge: boolean;
  /** The first line that is to blame, from 1; null where it is not said. */
  readonly line: number | null;
  readonly reason: string;
}

/** Null where the answer says nothing about the lines. */
export function refusalOf({ status, text }: Answer): Refusal | null {
  if (status !== 400 && status !== 413) return null;
  const line = parsed(text)?.['line'];
  return {
    isTooLarge: status === 413,
    line: typeof line === 'number' && Number.isSafeInteger(line) ? line : null,
    reason: reasonOf(text) || `HTTP ${status}`,
  };
}

/** Rows of an answer of `/exec`; none for DDL. Null where it is not one. */
export function rowsOf({ text }: Answer): readonly (readonly unknown[])[] | null {
  const json = parsed(text);
  if (json === null || json['error'] !== undefined) return null;
  if (typeof json['ddl'] === 'string') return [];
  const rows = json['dataset'];
  return Array.isArray(rows) && rows.every((row) => Array.isArray(row)) ? rows : null;
}

/** What an answer means that is neither an agreement nor about single lines. */
export function faultOf({ status, text }: Answer, url: string): Error {
  const reason = reasonOf(text);
  const said = `HTTP ${status}${reason === '' ? '' : `: ${reason}`}`;
  if (status === 401 || status === 403) {
    return new NeedsOperatorError(`${url} refuses the credentials of this sink (HTTP ${status})`);
  }
  if (status === 404 || status === 405 || (status >= 300 && status < 400)) {
    return new NeedsOperatorError(`there is no QuestDB at ${url} (HTTP ${status})`);
  }
  // 421: an instance that is read-only.
  if (status === 400 || status === 421) return new NeedsOperatorError(`${url} refuses: ${said}`);
  return new Error(`${url} answers ${said}`);
}

/** Why there was no answer. */
export function silenceOf(error: unknown, signal: AbortSignal, url: string): Error {
  const { code, message } = error instanceof Error ? codeOf(error) : { code: '', message: String(error) };
  if (signal.aborted || code.endsWith('TIMEOUT') || code === 'ETIMEDOUT') {
    return new Error(`${url} did not answer in time`);
  }
  if (code === 'ECONNREFUSED') return new Error(`nothing listens at ${url}: is QuestDB running?`);
  if (/CERT|SELF_SIGNED|UNABLE_TO|^ERR_TLS/.test(code)) {
    return new NeedsOperatorError(`the certificate of ${url} is not trusted (${code})`);
  }
  return new Error(`${url} broke off: ${shortened(message) || code}`);
}

/** Several addresses of one name fail together, without a code of their own. */
function codeOf(error: Error): { readonly code: string; readonly message: string } {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  const code = typeof first === 'object' && first !== null && 'code' in first ? String(first.code) : '';
  return { code, message: error.message };
}

function reasonOf(text: string): string {
  const { message, error } = parsed(text) ?? {};
  const said = [message, error].find((each) => typeof each === 'string') ?? text;
  return shortened(String(said).replace(PREFACE, ''));
}

/** One line of a length that fits a log. */
function shortened(text: string): string {
  const start = text.slice(0, MOST_REASON).replace(/[\s\p{Cc}]+/gu, ' ');
  return start.toWellFormed().trim();
}

function parsed(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
