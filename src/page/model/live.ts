import { signal } from '@preact/signals';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { CountsView } from '../../api/counts/counts-answer.ts';
import type { EventItem } from '../../journal/read/answers.ts';
import { AskError, type Parameters, request, tokenChanges, urlOf } from './ask.ts';
import { untilLookedAt } from './looked-at.ts';

/** Counts come at least every three seconds while all is well: silence is so many beats in which nothing came. */
const BEAT_MS = 500;
const SILENT_AFTER_BEATS = 9;
/** Then longer each time, so that many pages do not ask a server all at once that is just coming back. */
const RETRY_MS = 1_000;
const RETRY_AT_MOST_MS = 4_000;
/** Somebody may be back soon. */
const HIDDEN_FOR_MS = 5_000;
/** A second. Nobody reads more, and a page costs the same however much happens. */
const MOST_EVENTS = 100;

/** The latest numbers of what is looked at; null before the first. */
export const liveCounts = signal<CountsView | null>(null);
/** `waiting`: nobody has answered yet. `lost`: nothing has come for a while. */
export const connection = signal<'waiting' | 'live' | 'lost'>('waiting');
/** Changes whenever the stream has begun again after a loss: whatever was asked before may be asked again. */
export const comebacks = signal(0);
/** How far the clock of Headcount is ahead of the one here, in milliseconds. */
export const clockAhead = signal(0);

/** What the stream tells besides counts. Listeners get every event once, in order, also over a loss. */
export interface LiveEvents {
  event(event: EventItem): void;
  /** That many events were not sent, because more came than anybody can read. */
  passedOver(events: number): void;
  /** What came next is not there any more. */
  missed(): void;
}

const listeners = new Set<LiveEvents>();

export function onLiveEvents(listener: LiveEvents): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Follows what happens, with these filters, until the answer is called. */
export function follow(parameters: Parameters): () => void {
  const stopping = new AbortController();
  void followOn(parameters, stopping.signal);
  return () => stopping.abort();
}

async function followOn(parameters: Parameters, stopped: AbortSignal): Promise<void> {
  let last: string | null = null;
  let retryMs = RETRY_MS;
  while (!stopped.aborted) {
    await untilLookedAt(stopped);
    const tokenChange = tokenChanges.peek();
    const silence = new Silence();
    const hidden = new Hidden();
    const reason = AbortSignal.any([stopped, silence.signal, hidden.signal]);
    let needsToken = false;
    try {
      const headers: Record<string, string> = { accept: 'text/event-stream' };
      if (last !== null) headers['last-event-id'] = last;
      const response = await request(
        urlOf('stream', { ...parameters, events: 1, most: MOST_EVENTS }),
        headers,
        reason,
      );
      await read(response, silence, (id) => {
        last = id;
        retryMs = RETRY_MS;
      });
    } catch (error) {
      needsToken = error instanceof AskError && (error.status === 401 || error.status === 403);
    } finally {
      silence.end();
      hidden.end();
    }
    if (stopped.aborted) return;
    if (!needsToken) connection.value = 'lost';
    if (hidden.signal.aborted) continue;
    // Without the right token asking again is no use before there is another one.
    do await sleep(retryMs * (0.75 + Math.random() / 2));
    while (needsToken && tokenChanges.peek() === tokenChange && !stopped.aborted);
    retryMs = Math.min(retryMs * 1.5, RETRY_AT_MOST_MS);
  }
}

async function read(response: Response, silence: Silence, got: (id: string) => void): Promise<void> {
  const parser = createParser({
    onEvent: (message) => {
      take(message);
      if (message.id !== undefined) got(message.id);
    },
  });
  const text = new TextDecoder();
  for await (const chunk of chunksOf(response)) {
    silence.broken();
    parser.feed(text.decode(chunk, { stream: true }));
  }
}

async function* chunksOf(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
}

function take({ event, data }: EventSourceMessage): void {
  if (event === 'counts') {
    const counts = JSON.parse(data) as CountsView;
    clockAhead.value = Date.parse(counts.asOf) - Date.now();
    liveCounts.value = counts;
    if (connection.value === 'lost') comebacks.value += 1;
    connection.value = 'live';
    return;
  }
  for (const listener of listeners) {
    if (event === 'event') listener.event(JSON.parse(data) as EventItem);
    else if (event === 'passed_over') listener.passedOver((JSON.parse(data) as { events: number }).events);
    else if (event === 'missed') listener.missed();
  }
}

/**
 * Gives up a stream on which nothing comes. It counts beats rather than time: in a browser that is held up, or has slept, what
 * has come meanwhile gets its turn before the next beat.
 */
class Silence {
  readonly #controller = new AbortController();
  readonly #timer = window.setInterval(() => this.#beat(), BEAT_MS);
  #beats = 0;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  broken(): void {
    this.#beats = 0;
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    this.#beats += 1;
    if (this.#beats < SILENT_AFTER_BEATS) return;
    connection.value = 'lost';
    this.#controller.abort();
  }
}

/**
 * Lets go of the stream of a tab that nobody looks at: browsers open six connections to a server at most, and a stream holds
 * one of them.
 */
class Hidden {
  readonly #controller = new AbortController();
  #timer = 0;
  readonly #onChange = (): void => {
    clearTimeout(this.#timer);
    if (document.hidden) this.#timer = window.setTimeout(() => this.#controller.abort(), HIDDEN_FOR_MS);
  };

  constructor() {
    document.addEventListener('visibilitychange', this.#onChange);
    this.#onChange();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  end(): void {
    clearTimeout(this.#timer);
    document.removeEventListener('visibilitychange', this.#onChange);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
