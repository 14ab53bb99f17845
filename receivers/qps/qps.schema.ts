import { z } from 'zod';
import { isIpAddress } from '../../src/contract/host.ts';
import { receiverSettings } from '../../src/contract/receiver.ts';
import { blacklistRules, duration, flag, host, integer, text } from '../../src/contract/settings.ts';
import { normaliseHost } from '../../src/formats/host.ts';

const MOST_SERVERS = 100;
const MOST_VIRTUAL_PROXIES = 100;
/** What the QMC allows in a prefix, and no step that would leave `/qps/`. */
const PREFIX = /^[a-z0-9_~.-]+(?:\/[a-z0-9_~.-]+)*$/;
const EXPECTED_PREFIX = 'expected a prefix as the QMC has it, such as "/" or "/sales"';

/** Prefixes are lower case in Sense, with or without slashes around them. */
const virtualProxy = text('a prefix such as "/" or "/sales"').transform((input, context) => {
  const prefix = input.toLowerCase().replace(/^\/|\/$/g, '');
  const steps = prefix.split('/');
  if (prefix === '' || (PREFIX.test(prefix) && !steps.includes('.') && !steps.includes('..'))) {
    return `/${prefix}`;
  }
  context.addIssue({ code: 'custom', message: EXPECTED_PREFIX, input });
  return z.NEVER;
});

const virtualProxies = z
  .array(virtualProxy)
  .min(1, 'expected at least one, such as "/"')
  .max(MOST_VIRTUAL_PROXIES, `expected at most ${MOST_VIRTUAL_PROXIES}`)
  .superRefine((entries, context) => {
    for (const [index, entry] of entries.entries()) {
      if (entries.indexOf(entry) === index) continue;
      context.addIssue({ code: 'custom', path: [index], message: `${JSON.stringify(entry)} is there twice` });
    }
  });

/** The name in a server's certificate. Addresses are in none. */
export const servername = host().refine((name) => !isIpAddress(name), 'expected a name, not an address');

/** Files of the QMC's export, under the names that it gives them. */
export const certificates = z.strictObject({
  cert: text('a file with the client certificate').prefault('client.pem'),
  key: text('a file with its private key').prefault('client_key.pem'),
  ca: text('a file with the root certificate of the site').prefault('root.pem'),
});

const server = z.strictObject({
  host: host(),
  port: integer(1, 65_535).prefault(4243),
  /** The name in the server's certificate, which need not be the one under which it is reached. */
  servername: servername.optional(),
  /** What the lines of this node call it. */
  node: text('the name of the node in its lines').optional(),
  virtualProxies: virtualProxies.prefault(['/']),
  /** Whether these are all virtual proxies that this host has. */
  complete: flag().prefault(true),
});

const servers = z
  .array(server)
  .min(1, 'expected at least one server')
  .max(MOST_SERVERS, `expected at most ${MOST_SERVERS} servers`)
  .superRefine((entries, context) => {
    const hosts = entries.map(hostOf);
    for (const [index, name] of hosts.entries()) {
      const same = hosts.indexOf(name);
      if (same === index) continue;
      const message = `the same node ${JSON.stringify(name)} as servers[${same}]`;
      context.addIssue({ code: 'custom', path: [index, 'host'], message });
    }
  });

/** Durations in milliseconds. Files of the QMC's export: paths in the configuration's folder. */
export const qpsSchema = z
  .strictObject({
    type: z.literal('qps'),
    interval: duration('1s', '1h').prefault('30s'),
    /** For a whole answer. */
    timeout: duration('100ms', '5m').prefault('5s'),
    users: flag().prefault(true),
    blacklist: blacklistRules().prefault([]),
    certificates: certificates.prefault({}),
    servers,
    ...receiverSettings,
  })
  .superRefine(({ interval, timeout }, context) => {
    if (timeout <= interval) return;
    context.addIssue({ code: 'custom', path: ['timeout'], message: 'longer than "interval"' });
  });
export type QpsConfig = z.output<typeof qpsSchema>;
export type QpsServer = QpsConfig['servers'][number];

/** What lines call a server: its `node`, else the first label of its name. */
export function hostOf({
  node,
  host,
}: {
  readonly node?: string | undefined;
  readonly host: string;
}): string {
  return normaliseHost(node ?? host);
}
