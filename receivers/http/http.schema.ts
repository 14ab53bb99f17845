import { KINDS, REJECTION_REASONS } from '../../src/contract/event.ts';

const text = { type: 'string', nullable: true } as const;
const count = { type: 'integer' } as const;

/** One item of `POST /api/v1/events`, for its description. `readItem` checks, item by item and in words. */
const item = {
  type: 'object',
  required: ['type'],
  additionalProperties: false,
  properties: {
    type: { type: 'string', enum: [...KINDS, 'heartbeat'] },
    user: {
      type: 'object',
      nullable: true,
      required: ['id'],
      additionalProperties: false,
      properties: { directory: text, id: { type: 'string' } },
      description: 'needed of every type but heartbeat; null where Sense knows of none',
    },
    host: { ...text, description: 'the node; not given: the address of the sender' },
    at: { ...text, format: 'date-time', description: 'not given: when it arrived' },
    id: { ...text, description: 'an event that comes again with the same id counts once' },
    sessionId: text,
    virtualProxy: text,
    appId: text,
    origin: text,
    context: text,
    userAgent: text,
    result: { ...count, nullable: true },
    reason: { ...text, enum: [...REJECTION_REASONS, null] },
    message: text,
    name: { ...text, description: 'of a note, and needed: what somebody did' },
    data: {
      nullable: true,
      description: 'of a note only: a text, or JSON, of which 4,096 characters are kept',
    },
  },
} as const;

export const eventsBody = {
  content: {
    'application/json': {
      schema: { anyOf: [{ type: 'array', maxItems: 10_000, items: item }, item] },
    },
    'application/x-ndjson': { schema: { type: 'string', description: 'one item a line' } },
  },
} as const;

const counts = {
  accepted: count,
  duplicates: count,
  excluded: count,
  heartbeats: count,
  refused: {
    type: 'array',
    items: {
      type: 'object',
      required: ['index', 'reason'],
      properties: { index: count, reason: { type: 'string' } },
    },
  },
} as const;
const error = { statusCode: count, error: { type: 'string' }, message: { type: 'string' } } as const;

export const eventsAnswers = {
  202: {
    description: 'what became of each item; the accepted ones are on the disk',
    type: 'object',
    required: Object.keys(counts),
    properties: counts,
  },
  422: {
    description: 'every item was refused',
    type: 'object',
    required: Object.keys(error),
    properties: { ...error, ...counts },
  },
} as const;
