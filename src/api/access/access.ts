import { hash, timingSafeEqual } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { hostOfApplication } from '../../contract/host.ts';
import { ApiError } from '../errors.ts';
import type { ApiParts } from '../parts.ts';
import type { AccessToken, ApiSettings, TokenApplication, TokenScope } from './api.schema.ts';
import { isOfCentre } from './centre-questions.ts';
import { knownHosts, PAGE_FILES } from './foreign-pages.ts';
import { isForPagesElsewhere } from './pages-elsewhere.ts';

/** For supervisors, which have no token, and the page, which asks for one: they tell of no user. */
const OPEN: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/', PAGE_FILES]);

/** Whether a path needs no token, whatever is configured. */
export function isOpen(path: string | undefined): boolean {
  return path !== undefined && OPEN.has(path);
}

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD']);
const REALM = 'realm="Headcount"';

/**
 * Lets only those in who have a token: GET and HEAD need `read`, every other method needs `ingest`. That goes for
 * paths that there are not, too, so nothing is told to strangers and no route can be forgotten. Without tokens
 * everyone is let in. Whoever gives too many wrong ones has to wait; a right one is never made to.
 */
export function requireTokens(app: FastifyInstance, { tokens, wrongTokens, trouble }: ApiParts): void {
  app.decorateRequest('tokenName', null);
  app.addHook('onRequest', async (request, reply) => {
    const { method, routeOptions, headers, ip } = request;
    const known = tokens();
    if (known.length === 0 || isOpen(routeOptions.url) || isOfCentre()) return;
    const isForOthers = isForPagesElsewhere(request);
    // A browser asks without a token whether it may send one.
    if (isForOthers && method === 'OPTIONS') return;
    const scope: TokenScope = READING.has(method) && !isForOthers ? 'read' : 'ingest';
    const { authorization } = headers;
    const given = authorization === undefined ? null : givenToken(authorization, scope);
    const owner = given === null ? null : ownerOf(given, known);
    request.tokenName = owner?.name ?? null;
    if (owner?.scopes.includes(scope)) return;
    if (owner !== null) {
      reply.header('www-authenticate', `Bearer ${REALM}, error="insufficient_scope", scope="${scope}"`);
      throw new ApiError(403, `this token does not have the scope ${scope}`);
    }
    const wait = wrongTokens.waitSeconds(ip);
    if (given !== null) {
      wrongTokens.add(ip);
      // Neither the token nor the URL, which may hold one by mistake.
      trouble('wrong token', `${ip}: ${method} ${routeOptions.url ?? 'a path that there is not'}`);
    }
    // Not where there is none: a browser gives none before it is asked.
    if (wait > 0 && given !== null) {
      reply.header('retry-after', String(wait));
      throw new ApiError(429, `too many wrong tokens from this address; come again in ${wait} s`);
    }
    reply.header(
      'www-authenticate',
      challenges(scope, authorization !== undefined, headers['sec-fetch-mode']),
    );
    throw new ApiError(
      401,
      authorization === undefined
        ? 'a token is needed: Authorization: Bearer TOKEN'
        : 'this token is not known',
    );
  });
}

function digestOf(token: string): Uint8Array {
  return hash('sha256', token, 'buffer');
}

/** Whether whoever was let in with this header may still read. */
export function mayRead(authorization: string | undefined, known: readonly AccessToken[]): boolean {
  if (known.length === 0) return true;
  const given = authorization === undefined ? null : givenToken(authorization, 'read');
  return given !== null && ownerOf(given, known)?.scopes.includes('read') === true;
}

/** Compares with every token, in the same time whichever it is and however much of it is right. */
function ownerOf(token: string, known: readonly AccessToken[]): AccessToken | null {
  const digest = digestOf(token);
  let owner: AccessToken | null = null;
  for (const each of known) if (timingSafeEqual(digestOf(each.token), digest)) owner = each;
  return owner;
}

/**
 * `Bearer TOKEN`; for reading also the password of `Basic`, which is what browsers can ask for. Never for sending
 * events: a browser adds it to whatever a page elsewhere makes it send. Null where it is neither.
 */
function givenToken(authorization: string, scope: TokenScope): string | null {
  const [, scheme = '', given = ''] = /^(\w+) +(\S+)$/.exec(authorization) ?? [];
  if (scheme.toLowerCase() === 'bearer') return given;
  if (scheme.toLowerCase() !== 'basic' || scope !== 'read') return null;
  const pair = Buffer.from(given, 'base64').toString();
  const colon = pair.indexOf(':');
  return colon < 0 ? null : pair.slice(colon + 1);
}

/** A browser that opens an address is asked for a password; a page that asks by itself asks people in its own words. */
function challenges(scope: TokenScope, wasGiven: boolean, fetchMode: unknown): string[] {
  const bearer = `Bearer ${REALM}${wasGiven ? ', error="invalid_token"' : ''}`;
  const mayAsk = scope === 'read' && (fetchMode === undefined || fetchMode === 'navigate');
  return mayAsk ? [bearer, `Basic ${REALM}, charset="UTF-8"`] : [bearer];
}

/** Who may use the API, which a reload may change. */
export class ApiAccess {
  #settings: ApiSettings;
  readonly #log: Logger;

  constructor(settings: ApiSettings, log: Logger) {
    this.#settings = settings;
    this.#log = log;
  }

  get tokens(): readonly AccessToken[] {
    return this.#settings.tokens;
  }

  /** Of the application that is this host; null where nothing is set for it. */
  applicationOf(host: string): TokenApplication | null {
    return this.tokens.find(({ name }) => hostOfApplication(name) === host)?.application ?? null;
  }

  get hosts(): readonly string[] | null {
    return knownHosts(this.#settings);
  }

  /** Takes new tokens and names; answers the keys that it cannot take. */
  take({ tokens, hosts }: ApiSettings): string[] {
    const { tokens: before } = this.#settings;
    // The configuration was found good for an address that may not be the one it listens on.
    const opens = tokens.length === 0 && before.length > 0;
    const taken = opens ? before : tokens;
    this.#settings = { ...this.#settings, hosts, tokens: taken };
    if (!isDeepStrictEqual(taken, before)) {
      this.#log.info({ tokens: taken.map(({ name }) => name) }, 'tokens reloaded');
    }
    return opens ? ['api.tokens'] : [];
  }
}
