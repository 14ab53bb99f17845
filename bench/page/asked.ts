import type { Page } from 'playwright-core';

/** What a page asked of the API, besides its stream. */
export interface Asked {
  /** With its query. */
  readonly path: string;
  readonly cacheControl: string | null;
  /** ms since 1970 UTC. */
  readonly at: number;
}

export interface Recording {
  readonly asked: Asked[];
  /** Requests that were given up, because something else was looked at. */
  readonly cancelled: string[];
  /** Of the stream, with its query; null before it is asked for. */
  stream: string | null;
}

/** Writes down what a page asks from now on. */
export function recordRequests(page: Page): Recording {
  const recording: Recording = { asked: [], cancelled: [], stream: null };
  page.on('request', (request) => {
    const { pathname, search } = new URL(request.url());
    if (!pathname.startsWith('/api/')) return;
    const path = pathname + search;
    if (pathname.endsWith('/stream')) recording.stream = path;
    else {
      const cacheControl = request.headers()['cache-control'] ?? null;
      recording.asked.push({ path, cacheControl, at: Date.now() });
    }
  });
  page.on('requestfailed', (request) => recording.cancelled.push(new URL(request.url()).pathname));
  return recording;
}
