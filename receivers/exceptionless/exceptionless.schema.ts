/*
 * What is read of a request, for the description of the API. Nothing is checked against it: clients send more, and a program
 * may send anything.
 */

const text = { type: 'string', nullable: true } as const;
const named = { anyOf: [{ type: 'string' }, { type: 'number' }] } as const;

const object = <P extends object>(properties: P, description: string) =>
  ({ type: 'object', additionalProperties: true, description, properties }) as const;

const data = object(
  {
    '@user': object(
      { identity: { ...named, description: 'DOMAIN\\user, or an id' }, name: text },
      'whose it is',
    ),
    '@ref:session': { ...text, description: 'the key of the session, of 8 to 100 letters, digits and -' },
    '@version': { ...text, description: 'of the program' },
    '@level': { ...text, description: 'of a log' },
    '@error': object({ type: text, message: text }, 'of an error'),
    '@environment': object({ machine_name: text }, 'of a program'),
    '@request': object({ user_agent: text, path: text, client_ip_address: text }, 'of a page'),
  },
  'nothing else of it is read',
);

const event = object(
  {
    type: { ...text, description: 'session, sessionend, heartbeat, log, usage, error, 404, or any other' },
    date: { ...text, description: 'ISO 8601, of the clock of the client' },
    source: text,
    message: text,
    value: { type: 'number', nullable: true },
    count: { type: 'integer', nullable: true },
    reference_id: { ...text, description: 'of a session: its key' },
    data,
  },
  'an event of a client',
);

const jsonOf = (schema: object) => ({ content: { 'application/json': { schema } } });

const NOTHING = { type: 'null' } as const;
const accepted = { 202: { ...NOTHING, description: 'it is on the disk' } };

/** A route, in the description of the API. */
export interface Description {
  readonly summary: string;
  readonly body?: object;
  readonly query?: object;
  readonly response: object;
}

export const ROUTES = {
  events: {
    summary: 'Takes events of a client of Exceptionless',
    body: jsonOf({ anyOf: [{ type: 'array', maxItems: 10_000, items: event }, event] }),
    response: accepted,
  },
  beat: {
    summary: 'Takes a sign of life of a session',
    query: object(
      {
        id: { type: 'string', description: 'the key of a session, or the identity of a user' },
        close: { type: 'string', description: 'true where the session is over, in any case of letters' },
      },
      'read as it stands: clients do not escape it',
    ),
    response: { 200: { ...NOTHING, description: 'it was heard, whoever it names' } },
  },
  settings: {
    summary: 'Settings of clients of Exceptionless: none',
    query: object({ v: { type: 'string' } }, 'the version that the client knows'),
    response: {
      200: {
        description: 'no settings, under a version of their own',
        type: 'object',
        required: ['version', 'settings'],
        properties: {
          version: { type: 'integer' },
          settings: { type: 'object', additionalProperties: true },
        },
      },
      304: { ...NOTHING, description: 'the client knows them' },
    },
  },
  description: {
    summary: 'Takes what a user says of an event',
    body: jsonOf(object({ description: text }, 'what a user says of an event')),
    response: accepted,
  },
} as const satisfies Readonly<Record<string, Description>>;
