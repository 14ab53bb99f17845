import { createInterface } from 'node:readline';
import { Exceptionless } from '@exceptionless/node';

/*
 * A program with the real client in it, unmodified. Each line that it reads is one thing to do; it answers with a line when that is done.
 * Arguments: the server, `ids` or `identity`, and `quiet` where it begins no session by itself.
 */

const [serverUrl = '', mode, quiet] = process.argv.slice(2);

const DO: Readonly<Record<string, (what: string) => Promise<unknown>>> = {
  user: async (identity) => Exceptionless.config.setUserIdentity(identity, 'Some One'),
  start: () => Exceptionless.submitSessionStart(),
  usage: (source) => Exceptionless.createFeatureUsage(source).setValue(3).submit(),
  log: (text) => Exceptionless.createLog('orders', text, 'warn').submit(),
  error: (text) => Exceptionless.createException(new TypeError(text)).submit(),
  private: async (mark) => {
    const error = Object.assign(new RangeError('a private one'), { secret: mark });
    for (const builder of [
      Exceptionless.createLog('private', 'with data of its own', 'info'),
      Exceptionless.createException(error),
    ]) {
      await builder
        .setProperty('own', { secret: mark })
        .addTags(mark)
        .setGeo(52.123, 13.456)
        .setContextProperty('@request', requestWith(mark))
        .submit();
    }
  },
  beat: () => Exceptionless.submitSessionHeartbeat(Exceptionless.config.currentSessionIdentifier ?? ''),
  /** At once, also where the client would wait for the next quarter of an hour. */
  post: () => Exceptionless.processQueue(),
};

function requestWith(mark: string) {
  return {
    method: 'POST',
    protocol: 'http',
    hostname: 'shop.example.com',
    path: '/basket',
    url: '/basket',
    headers: { host: 'shop.example.com:80', cookie: `c=${mark}`, 'x-own': mark, referer: `http://x/${mark}` },
    cookies: { c: mark },
    query: { q: mark },
    params: { p: mark },
    body: { card: mark },
    ip: '192.0.2.9',
  };
}

await Exceptionless.startup((config) => {
  config.apiKey = 'a-client-key-0123456789';
  config.serverUrl = serverUrl;
  config.settings['@@log:*'] = 'trace';
  if (quiet === undefined) config.useSessions(true, 60_000, mode === 'ids');
});

for await (const line of createInterface({ input: process.stdin })) {
  const [name = '', ...rest] = line.split(' ');
  await DO[name]?.(rest.join(' '));
  process.stdout.write(`done ${line}\n`);
}
// It ends of itself, and the client says so.
