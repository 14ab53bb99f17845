import { z } from 'zod';
import { flag, secret, serverUrl, text } from '../contract/settings.ts';

const server = serverUrl('nats://127.0.0.1:4222', ({ protocol, hostname, host }) =>
  ['nats:', 'tls:'].includes(protocol) && hostname !== ''
    ? { url: `${protocol}//${host}` }
    : 'expected a URL such as "nats://127.0.0.1:4222", or "tls://" for TLS',
);

/** What sink and receiver are told alike: where the servers are, who we are, and which stream is meant. */
export const natsSettings = {
  servers: z.array(server).min(1, 'expected at least one server').prefault(['nats://127.0.0.1:4222']),
  /** NATS takes no name of a stream with these characters. */
  stream: text('the name of a stream')
    .refine(
      (name) => /^[^\s.*>/\\]{1,255}$/.test(name),
      'expected the name of a stream, without spaces and . * > / \\',
    )
    .prefault('headcount'),
  user: text('a user').optional(),
  password: secret('a password').optional(),
  token: secret('a token').optional(),
  /** As `nsc generate creds` writes it. */
  credentials: text('a file').optional(),
  tls: z
    .strictObject({
      ca: text('a file').optional(),
      cert: text('a file').optional(),
      key: text('a file').optional(),
      verify: flag().prefault(true),
    })
    .prefault({}),
} as const;

export type NatsSettings = z.output<z.ZodObject<typeof natsSettings>>;

/** Says what does not fit together. */
export function checkNatsSettings(
  { servers, user, password, token, credentials, tls }: NatsSettings,
  refuse: (path: readonly string[], message: string) => void,
): void {
  if ((user === undefined) !== (password === undefined)) {
    refuse([user === undefined ? 'password' : 'user'], 'user and password go together');
  }
  const ways = [user, token, credentials].filter((way) => way !== undefined);
  if (ways.length > 1) refuse(['token'], 'one of user, token and credentials says who we are, not several');
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    refuse(['tls'], 'a client certificate is "cert" and "key"; one of them is missing');
  }
  const isPlain = servers.every((server) => server.startsWith('nats:'));
  if (isPlain && !tls.verify) refuse(['tls', 'verify'], 'no server is asked to speak TLS (tls://)');
}
