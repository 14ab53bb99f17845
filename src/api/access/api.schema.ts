import { z } from 'zod';
import { isLoopback } from '../../contract/host.ts';
import { duration, flag, host, integer, oneOf, port, secret, text } from '../../contract/settings.ts';

/** What a token allows: `read` everything that answers, `ingest` events. */
export const TOKEN_SCOPES = ['read', 'ingest'] as const;
export type TokenScope = (typeof TOKEN_SCOPES)[number];

/** Who may use the API. */
export interface AccessToken {
  /** For people; the only thing about a token that may be shown. */
  readonly name: string;
  readonly token: string;
  readonly scopes: readonly TokenScope[];
  readonly application?: TokenApplication | undefined;
}

/** Of a token that is the key of an application: what its sessions are given, and how long they last. */
export type TokenApplication = z.output<typeof application>;

/** Many systems let a program have 1,024 files and sockets: some are left for the store, for receivers and for reloads. */
export const MOST_CONNECTIONS = 800;
/** More than the streams of one address; a reverse proxy is one, too. */
export const MOST_CONNECTIONS_PER_ADDRESS = 550;

const LEAST = 16;
const MOST = 1024;
/** RFC 6750, `b64token`: what can stand in a header as it is. */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

/** Why a text is no token, without repeating it; null where it is one. */
export function tokenProblem(text: string): string | null {
  if (text.length < LEAST) return `a token needs at least ${LEAST} characters`;
  if (text.length > MOST) return `a token has at most ${MOST} characters`;
  return TOKEN.test(text) ? null : 'a token has only letters, digits and -._~+/, and = at its end';
}

const application = z.strictObject({
  name: text('the name of an application').nullable().prefault(null),
  virtualProxy: text('a virtual proxy such as /sales').nullable().prefault(null),
  sessions: z
    .strictObject({
      timeout: duration('1m', '24h').prefault('5m'),
      resume: duration('0s', '24h').optional(),
      grace: duration('0s', '50s').prefault('15s'),
    })
    .prefault({})
    .transform(({ timeout, resume = timeout, grace }) => ({ timeout, resume, grace })),
});

const token = z
  .strictObject({
    name: text('a name'),
    token: secret('a token')
      .superRefine((value, context) => {
        const problem = typeof value === 'string' ? tokenProblem(value) : null;
        if (problem !== null) context.addIssue({ code: 'custom', message: problem });
      })
      .optional(),
    tokenFile: text('a file').optional(),
    scopes: z
      .array(oneOf(...TOKEN_SCOPES))
      .min(1, 'needs read, ingest or both')
      .prefault(['read']),
    application: application.optional(),
  })
  .superRefine(({ token, tokenFile }, context) => {
    if ((token === undefined) !== (tokenFile === undefined)) return;
    context.addIssue({ code: 'custom', message: 'needs one of "token" and "tokenFile"' });
  });

const tokens = z.array(token).superRefine((entries, context) => {
  const names = entries.map(({ name }) => name);
  for (const [index, name] of names.entries()) {
    const namesake = names.indexOf(name);
    if (namesake === index) continue;
    const message = `same name as api.tokens[${namesake}]`;
    context.addIssue({ code: 'custom', path: [index, 'name'], message });
  }
});

/** `api:` of the configuration. What is in a `tokenFile` is not read here. */
export const apiSchema = z
  .strictObject({
    host: host().prefault('127.0.0.1'),
    port: port().prefault(9999),
    tokens: tokens.prefault([]),
    hosts: z.array(host().transform((name) => name.toLowerCase())).prefault([]),
    insecure: flag().prefault(false),
    maxConnections: integer(1, 100_000).prefault(MOST_CONNECTIONS),
    maxConnectionsPerAddress: integer(1, 100_000).prefault(MOST_CONNECTIONS_PER_ADDRESS),
  })
  .superRefine(({ host, tokens, insecure }, context) => {
    if (insecure || tokens.length > 0 || isLoopback(host)) return;
    const message =
      `${JSON.stringify(host)} is not loopback, and there are no tokens: everyone on the network could read ` +
      'who is on; write "tokens:" below "api:", or "insecure: true" to accept that';
    context.addIssue({ code: 'custom', path: ['host'], message });
  });

/** The same with the tokens read. */
export type ApiSettings = Omit<z.output<typeof apiSchema>, 'tokens'> & {
  readonly tokens: readonly AccessToken[];
};
