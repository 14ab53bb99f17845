import { signal } from '@preact/signals';

/** Parameters of a question; null ones are left out. */
export type Parameters = Readonly<Record<string, string | number | boolean | null>>;

/** What Headcount refused, in its words; status 0 where it was not reached. */
export class AskError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const TOKEN = 'headcount.token';
/** What another page was told less than a second ago will do: many open pages cost the server little more than one. */
const TAKEN = 'max-age=1';

/** Whether a token has to be given, and what is wrong with the one that was. */
export const tokenNeed = signal<{ readonly problem: string | null } | null>(null);
/** Changes whenever there is another token: whoever failed without one asks again. */
export const tokenChanges = signal(0);

/** Kept until the tab is closed. */
export function giveToken(token: string): void {
  sessionStorage.setItem(TOKEN, token);
  tokenNeed.value = null;
  tokenChanges.value += 1;
}

/** Asks a route below `api/v1/`. */
export async function ask<Answer>(
  route: string,
  parameters: Parameters = {},
  cancelled: AbortSignal | null = null,
): Promise<Answer> {
  const headers = { accept: 'application/json', 'cache-control': TAKEN };
  const response = await request(urlOf(route, parameters), headers, cancelled);
  return (await response.json()) as Answer;
}

/** Relative to the page, wherever a reverse proxy has put it. */
export function urlOf(route: string, parameters: Parameters): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== null) search.set(name, String(value));
  const text = search.toString();
  return text === '' ? `api/v1/${route}` : `api/v1/${route}?${text}`;
}

/** @throws AskError, also where nobody answers; the reason of `cancelled` where it was */
export async function request(
  url: string,
  headers: Readonly<Record<string, string>>,
  cancelled: AbortSignal | null,
): Promise<Response> {
  const token = sessionStorage.getItem(TOKEN);
  const response = await fetch(url, {
    headers: { ...headers, ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
    cache: 'no-store',
    signal: cancelled,
  }).catch((error: unknown) => {
    if (cancelled?.aborted === true) throw error;
    throw new AskError(0, 'Headcount does not answer');
  });
  if (response.ok) return response;
  const { status } = response;
  const message = await messageOf(response);
  if (status === 401 || status === 403) {
    tokenNeed.value = { problem: token === null ? null : message };
  }
  throw new AskError(status, message);
}

/**
 * Sends items to a route below `api/v1/`.
 * @throws AskError, also where nobody answers. It asks for no other token: whoever may look need not be allowed to send.
 */
export async function send<Answer>(route: string, items: readonly object[]): Promise<Answer> {
  const token = sessionStorage.getItem(TOKEN);
  const response = await fetch(urlOf(route, {}), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(items),
  }).catch(() => {
    throw new AskError(0, 'Headcount does not answer');
  });
  if (!response.ok) throw new AskError(response.status, await messageOf(response));
  return (await response.json()) as Answer;
}

async function messageOf(response: Response): Promise<string> {
  try {
    const { message } = (await response.json()) as { message: string };
    return message;
  } catch {
    return `the answer was ${response.status} ${response.statusText}`;
  }
}
