import { Buffer } from 'node:buffer';
import { Agent, type Dispatcher, request } from 'undici';
import { NeedsOperatorError } from '../../src/contract/sink.ts';
import type { QuestDbConfig } from './questdb.schema.ts';

/** Longer ones are not ours: whatever answers may be something else than a QuestDB. */
const MOST_ANSWER_BYTES = 64 * 1024;

/** The two requests that QuestDB is spoken to with. Nothing is tried twice here. */
export class QuestDbHttp {
  readonly #url: string;
  readonly #headers: Record<string, string> = { 'user-agent': 'headcount' };
  readonly #agent: Agent;

  /** `ca`: the text of `tls.ca`; null trusts whom the runtime trusts. */
  constructor({ url, user, password, token, tls, timeout }: QuestDbConfig, ca: string | null) {
    this.#url = url;
    if (token !== undefined) this.#headers['authorization'] = `Bearer ${token}`;
    if (user !== undefined) {
      const credentials = Buffer.from(`${user}:${password}`).toString('base64');
      this.#headers['authorization'] = `Basic ${credentials}`;
    }
    this.#agent = new Agent({
      headersTimeout: timeout,
      bodyTimeout: timeout,
      connect: { timeout, rejectUnauthorized: tls.verify, ...(ca === null ? {} : { ca }) },
    });
  }

  /**
   * Rows of the answer, values in the order of the statement; none for DDL and UPDATE.
   * @throws NeedsOperatorError also where QuestDB refuses the statement
   */
  async query(sql: string, signal: AbortSignal): Promise<readonly (readonly unknown[])[]> {
    const answer = await this.#ask(`/exec?query=${encodeURIComponent(sql)}`, signal, { method: 'GET' });
    if (answer.status !== 200) throw faultOf(answer, this.#url);
    const rows = rowsOf(answer);
    if (rows === null) throw new Error(`${this.#url} answers something else than QuestDB does`);
    return rows;
  }

  /** Hands over lines of the line protocol, whole rows of one table. Null when they are taken. */
  async write(lines: Buffer, signal: AbortSignal): Promise<Refusal | null> {
    // On a connection of its own: QuestDB remembers the table of a name as long as a connection lasts, and would go on
    // writing to it, with 204, after it was dropped and made again.
    const answer = await this.#ask('/write', signal, { method: 'POST', body: lines, reset: true });
    if (answer.status >= 200 && answer.status < 300) return null;
    const refusal = refusalOf(answer);
    if (refusal === null) throw faultOf(answer, this.#url);
    return refusal;
  }

  async #ask(
    path: string,
    signal: AbortSignal,
    options: { readonly method: Dispatcher.HttpMethod; readonly body?: Buffer; readonly reset?: boolean },
  ): Promise<Answer> {
    try {
      const { statusCode, body } = await request(`${this.#url}${path}`, {
        ...options,
        headers: this.#headers,
        dispatcher: this.#agent,
        signal,
      });
      return { status: statusCode, text: await readStart(body) };
    } catch (error) {
      throw silenceOf(error, signal, this.#url);
    }
  }

  /** Requests under way fail. */
  close(): Promise<void> {
    return this.#agent.destroy();
  }
}

async function readStart(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    // Leaving the loop closes the connection.
    if (bytes >= MOST_ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, MOST_ANSWER_BYTES);
}

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

/** Rows of an answer of `/exec`; none for DDL and UPDATE. Null where it is not one. */
export function rowsOf({ text }: Answer): readonly (readonly unknown[])[] | null {
  const json = parsed(text);
  if (json === null || json['error'] !== undefined) return null;
  if (typeof json['ddl'] === 'string' || typeof json['dml'] === 'string') return [];
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
