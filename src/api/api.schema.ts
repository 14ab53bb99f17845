import { z } from 'zod';
import { SCOPES, tokenProblem } from '../core/access-token.ts';
import { isLoopback } from '../core/host.ts';
import { flag, host, oneOf, port, secret, text } from '../core/settings.ts';

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
      .array(oneOf(...SCOPES))
      .min(1, 'needs read, ingest or both')
      .prefault(['read']),
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
  })
  .superRefine(({ host, tokens, insecure }, context) => {
    if (insecure || tokens.length > 0 || isLoopback(host)) return;
    const message =
      `${JSON.stringify(host)} is not loopback, and there are no tokens: everyone on the network could read ` +
      'who is on; write "tokens:" below "api:", or "insecure: true" to accept that';
    context.addIssue({ code: 'custom', path: ['host'], message });
  });
