import { z } from 'zod';
import type { User } from '../contract/event.ts';
import { REFUSAL_WORDS } from '../contract/refusal-words.ts';
import { normaliseHost } from '../formats/host.ts';
import type { Clock } from '../simulator/clock.ts';
import { authorization, NoAnswerError, request } from '../simulator/http-request.ts';

/** Somebody who logs in or out, and the node that says so. */
export interface TestLine {
  readonly user: User;
  readonly node: string;
  readonly isStop: boolean;
}

/** What Headcount says at one moment. */
export interface Sight {
  readonly sessions: number;
  readonly users: number;
  /** Of the node that the line names. */
  readonly sessionsOnNode: number;
  readonly accepted: number;
  readonly excluded: number;
  readonly refused: Readonly<Record<string, number>>;
}

/** Looks at a Headcount before a line and after it. Both reject with an error of one line for people. */
export interface LineWatch {
  /** Waits for the API to answer; calls back when it does not at once. */
  before(onWaiting: () => void): Promise<Sight>;
  /** What it says once it has counted the line, or still says when it has had time enough to. */
  after(before: Sight): Promise<Sight>;
}

const countsSchema = z.object({
  active: z.object({ sessions: z.number(), users: z.number() }),
  hosts: z.array(z.object({ host: z.string(), sessions: z.number().nullable() })),
});
const ingestSchema = z.object({
  accepted: z.number(),
  excluded: z.number(),
  refused: z.record(z.string(), z.number()),
});

const POLL_MS = 200;
/** It may be starting. */
const ANSWER_WITHIN_MS = 10_000;
/** A line is counted within a tenth of a second. */
const COUNT_WITHIN_MS = 5_000;
/** What is shown of an answer that nobody expected, in characters. */
const MOST_SHOWN = 200;
const WITHOUT = 'with --no-check the line is sent without asking';

/** `url` is where the API is, such as `http://127.0.0.1:9999`; a token needs the scope `read`. */
export function watchLine(
  url: string,
  token: string | null,
  line: TestLine,
  clock: Clock,
  signal: AbortSignal,
): LineWatch {
  const host = normaliseHost(line.node);

  async function ask<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    const { status, text } = await request(new URL(path, url), { headers: authorization(token), signal });
    if (status === 401 || status === 403) {
      const wanted = 'it wants a token with the scope read, in HEADCOUNT_TOKEN or --token-file';
      throw new Error(`${url} answered ${status}: ${wanted}; ${WITHOUT}`);
    }
    const answer = schema.safeParse(status === 200 ? readJson(text) : undefined);
    if (answer.success) return answer.data;
    const shown = text.replaceAll(/\s+/g, ' ').slice(0, MOST_SHOWN);
    throw new Error(`${url} is not the API of Headcount, it answered ${status}: ${shown}`);
  }

  async function look(): Promise<Sight> {
    const [{ active, hosts }, ingest] = await Promise.all([
      ask('/api/v1/counts', countsSchema),
      ask('/api/v1/ingest', ingestSchema),
    ]);
    const listed = hosts.find((row) => row.host === host) ?? (await lookAtNode());
    return { ...active, ...ingest, sessionsOnNode: listed?.sessions ?? 0 };
  }

  /** Only the hosts with the most sessions are listed. Undefined where nobody is on. */
  async function lookAtNode() {
    const { hosts } = await ask(`/api/v1/counts?host=${encodeURIComponent(host)}`, countsSchema);
    return hosts.find((row) => row.host === host);
  }

  /** Null where nothing answers. */
  function tryToLook(): Promise<Sight | null> {
    return look().catch((error: unknown) => {
      if (error instanceof NoAnswerError) return null;
      throw error;
    });
  }

  return {
    async before(onWaiting) {
      const deadline = clock.now() + ANSWER_WITHIN_MS;
      for (let tries = 0; ; tries += 1) {
        const sight = await tryToLook();
        if (sight !== null) return sight;
        if (tries === 0) onWaiting();
        if (signal.aborted || clock.now() >= deadline) {
          throw new Error(
            `nothing answers at ${url}, so nothing was sent. Is Headcount running there? --api says where else; ${WITHOUT}`,
          );
        }
        await clock.sleep(POLL_MS, signal);
      }
    },
    async after(before) {
      const deadline = clock.now() + COUNT_WITHIN_MS;
      for (;;) {
        const sight = await look();
        if (isCounted(line, before, sight) || signal.aborted || clock.now() >= deadline) return sight;
        await clock.sleep(POLL_MS, signal);
      }
    },
  };
}

/** Undefined where the text is no JSON. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isCounted({ isStop }: TestLine, before: Sight, after: Sight): boolean {
  const more = after.sessionsOnNode - before.sessionsOnNode;
  return isStop ? more < 0 : more > 0;
}

/**
 * Why a line was not counted, as far as the counters tell. Other lines come in meanwhile, so this is what probably
 * happened; `sentTo` says where it went.
 */
export function whyNotCounted(
  { user, node, isStop }: TestLine,
  before: Sight,
  after: Sight,
  sentTo: string,
): string {
  const name = `${user.directory}\\${user.id}`;
  if (after.excluded > before.excluded) {
    return `it arrived and was left out: a rule of the blacklist is about ${name}`;
  }
  const reasons = Object.keys(after.refused).filter(
    (reason) => (after.refused[reason] ?? 0) > (before.refused[reason] ?? 0),
  );
  if (reasons.includes('not_allowed')) {
    return 'it arrived and was refused: "allow" of the receiver does not have the address that it came from';
  }
  if (reasons.length > 0) return `it arrived and was refused: ${reasons.map(inWords).join(', ')}`;
  if (after.accepted > before.accepted) {
    return isStop
      ? `it arrived, but ${name} has no session on ${node} that could end; send one without --stop first`
      : 'lines arrived, but no session more is on that node; the log of Headcount may say why';
  }
  return `it did not arrive. Does this Headcount listen at ${sentTo} (its log says so at "listening"), and do the firewalls on the way let it through?`;
}

function inWords(reason: string): string {
  const words = REFUSAL_WORDS[reason];
  return words === undefined ? reason : `${reason}, ${words}`;
}
