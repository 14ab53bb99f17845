import { z } from 'zod';
import { duration, flag, integer, oneOf, secret, serverUrl, text } from '../../src/contract/settings.ts';
import { deliverySettings } from '../../src/contract/sink.ts';

const url = serverUrl('mqtt://127.0.0.1:1883', ({ protocol, hostname, host, pathname, search, hash }) => {
  if (!['mqtt:', 'mqtts:'].includes(protocol) || hostname === '') {
    return 'expected a URL such as "mqtt://127.0.0.1:1883", or "mqtts://" for TLS';
  }
  if (!['', '/'].includes(pathname) || search !== '' || hash !== '') {
    return 'expected a URL with nothing behind the port';
  }
  return { url: `${protocol}//${host}` };
});

const MOST_TOPIC_BYTES = 65_535;

/** What can be published to: no wildcards, which are for subscribers. */
function topic() {
  return text('a topic').refine(
    (name) => !/[+#]/.test(name) && Buffer.byteLength(name) <= MOST_TOPIC_BYTES,
    'expected a topic without "+" and "#", of at most 65,535 bytes',
  );
}

function published(name: string, isOn = true) {
  return z.strictObject({ enabled: flag().prefault(isOn), topic: topic().prefault(name) }).prefault({});
}

/** In YAML a 5 without quotes is a number. */
const version = z.preprocess((given) => (given === 5 ? '5' : given), oneOf('5', '3.1.1'));

/** Texts that go into the payload of events, by name; in the order in which they are given. */
const tags = z.record(z.string(), text('a text')).prefault({});

export const mqttSchema = z
  .strictObject({
    type: z.literal('mqtt'),
    url: url.prefault('mqtt://127.0.0.1:1883'),
    version: version.prefault('5'),
    clientId: text('a client id').optional(),
    user: text('a user').optional(),
    password: secret('a password').optional(),
    tls: z
      .strictObject({
        ca: text('a file').optional(),
        cert: text('a file').optional(),
        key: text('a file').optional(),
        servername: text('a name').optional(),
        verify: flag().prefault(true),
      })
      .prefault({}),
    keepAlive: duration('1s', '18h').prefault('30s'),
    qos: integer(0, 1).prefault(1),
    retain: flag().prefault(false),
    tags,
    topics: z
      .strictObject({
        everything: published('qliksense/userevent'),
        sessionStart: published('qliksense/userevent/session/start'),
        sessionStop: published('qliksense/userevent/session/stop'),
        connectionOpen: published('qliksense/userevent/connection/open'),
        connectionClose: published('qliksense/userevent/connection/close'),
        sessionRejected: published('qliksense/userevent/session/rejected', false),
      })
      .prefault({}),
    polls: z
      .strictObject({ enabled: flag().prefault(true), base: topic().prefault('butler-sos/') })
      .prefault({}),
    counts: published('headcount/counts'),
    availability: published('headcount/status'),
    ...deliverySettings,
  })
  .superRefine(({ url, user, password, tls, topics, ...others }, context) => {
    const refuse = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: [key], message });
    if (user === undefined && password !== undefined) refuse('password', 'a user is missing beside it');
    if ((tls.cert === undefined) !== (tls.key === undefined)) {
      refuse('tls', `a client certificate is "cert" and "key"; one of them is missing`);
    }
    const { ca, cert, servername } = tls;
    if (url.startsWith('mqtt:') && (ca ?? cert ?? servername) !== undefined) {
      refuse('tls', 'the URL says mqtt, not mqtts');
    }
    const switches = [...Object.values(topics), others.polls, others.counts];
    if (!switches.some(({ enabled }) => enabled)) refuse('topics', 'nothing would be published');
  });
export type MqttConfig = z.output<typeof mqttSchema>;
