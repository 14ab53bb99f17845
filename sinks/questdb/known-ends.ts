import type { SessionRow } from '../../src/contract/rows.ts';
import type { SinkParts } from '../../src/contract/sink.ts';
import type { QuestDbHttp } from './http.ts';
import { LAST_MS } from './rows.ts';

/** How often it is asked whether another Headcount of the site writes, too. */
const LOOK_MS = 60_000;
/** Ids in one request, which is a URL. */
const AT_ONCE = 100;
const MOST_OTHERS = 10;

type Writer = Pick<SinkParts, 'storeId' | 'site' | 'now'>;

/**
 * The ends of sessions that another Headcount of the same site got a line about. One that missed the Stop would write over that, with no end or
 * with one that it took from silence. Nothing is asked while nobody else writes.
 */
export class KnownEnds {
  readonly #writer: Writer;
  #lookedAt: number | null = null;
  /** Stores that wrote for the same site in the last days, besides this one; some of them. */
  others: readonly string[] = [];

  constructor(writer: Writer) {
    this.#writer = writer;
  }

  /** It is time to look at `session_counts` again. */
  get isDue(): boolean {
    return this.#lookedAt === null || Math.abs(this.#writer.now() - this.#lookedAt) >= LOOK_MS;
  }

  /** Rows of sessions without those of which QuestDB knows better. */
  async worthWriting(
    http: QuestDbHttp,
    rows: readonly SessionRow[],
    signal: AbortSignal,
  ): Promise<readonly SessionRow[]> {
    const unsure = rows.filter(({ endExact }) => !endExact);
    if (!(await this.#isShared(http, signal)) || unsure.length === 0) return rows;
    const known = new Map<string, number>();
    for (let from = 0; from < unsure.length; from += AT_ONCE) {
      const some = unsure.slice(from, from + AT_ONCE);
      for (const [id, host, ended] of await http.query(this.#endsOf(some), signal)) {
        known.set(`${id} ${host}`, Number(ended) / 1_000);
      }
    }
    // Whoever saw a line after that end knows of something that the other one does not.
    return rows.filter(({ id, host, endExact, lastActivityAt }) => {
      const endedAt = known.get(`${id} ${host}`);
      return endExact || endedAt === undefined || lastActivityAt > endedAt;
    });
  }

  async #isShared(http: QuestDbHttp, signal: AbortSignal): Promise<boolean> {
    const { storeId, site, now } = this.#writer;
    if (!this.isDue) return this.others.length > 0;
    const others = `site = '${quoted(site)}' AND store != '${quoted(storeId)}' AND ts > dateadd('d', -2, now())`;
    const sql = `SELECT DISTINCT store FROM session_counts WHERE ${others} ORDER BY store LIMIT ${MOST_OTHERS}`;
    this.others = (await http.query(sql, signal)).map(([store]) => String(store));
    this.#lookedAt = now();
    return this.others.length > 0;
  }

  /** Only sessions of which `rows` has the latest word are asked for, between the first and the last of their times. */
  #endsOf(rows: readonly SessionRow[]): string {
    const times = rows.map(({ firstSeenAt }) => firstSeenAt).filter((at) => at >= 0 && at <= LAST_MS);
    const ids = rows.map(({ id }) => `'${quoted(id)}'`).join(', ');
    const [from, to] = [Math.min(...times, LAST_MS), Math.max(...times, 0)].map((at) =>
      new Date(at).toISOString(),
    );
    return (
      'SELECT session_id, host, cast(cast(ended_at AS timestamp) AS long) FROM sessions ' +
      `WHERE first_seen_at BETWEEN '${from}' AND '${to}' AND session_id IN (${ids}) ` +
      `AND end_exact AND ended_at IS NOT NULL AND store != '${quoted(this.#writer.storeId)}'`
    );
  }
}

function quoted(text: string): string {
  return text.replaceAll("'", "''");
}
