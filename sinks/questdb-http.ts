import { Buffer } from 'node:buffer';
import { Agent, type Dispatcher, request } from 'undici';
import type { QuestDbConfig } from './questdb.schema.ts';
import { type Answer, faultOf, type Refusal, refusalOf, rowsOf, silenceOf } from './questdb-answers.ts';

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
   * Rows of the answer, values in the order of the statement; none for DDL.
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
