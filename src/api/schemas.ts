import type { FastifyReply, FastifyTypeProvider } from 'fastify';
import { z } from 'zod';
import type { AnswerOf, Json } from '../journal/read/answers.ts';

/** A JSON schema as OpenAPI 3.0 has it. `Value` is the type of what it describes. */
export type Schema<Value = unknown> = Readonly<Record<string, unknown>> & { readonly [DESCRIBED]?: Value };
declare const DESCRIBED: unique symbol;

/**
 * Holds a route to its schemas (https://fastify.dev/docs/latest/Reference/Type-Providers/): its query has the type that
 * the schema describes, and it can send only what the schema promises, as a value or as JSON of one.
 */
export interface SchemaTypes extends FastifyTypeProvider {
  readonly validator: this['schema'] extends Schema<infer Value> ? Value : unknown;
  readonly serializer: this['schema'] extends Schema<infer Value> ? Value | Json<Value> : unknown;
}

/** The JSON schema of an answer, or of a part of one. */
export function jsonSchema<Answer extends z.ZodType>(schema: Answer): Schema<AnswerOf<Answer>> {
  return openApiOf(schema, 'output');
}

/** What a route answers, in words and as a schema. */
export function answer<Answer extends z.ZodType>(schema: Answer, description: string) {
  return { ...jsonSchema(schema), description };
}

/** A query with these parameters; any other one is a 400. Fastify checks it with the JSON schema and fills in defaults. */
export function query<Shape extends z.core.$ZodShape>(
  parameters: Shape,
): Schema<AnswerOf<z.ZodObject<Shape, z.core.$strict>>> {
  return openApiOf(z.strictObject(parameters), 'input');
}

export const NO_QUERY = query({});

/** An answer that is no JSON. */
export const TEXT: Schema = { type: 'string' };

/** Of `never`, which may stand for any type: whoever asks says which. */
function openApiOf(schema: z.ZodType, io: 'input' | 'output'): Schema<never> {
  return z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io,
    override({ jsonSchema: made }) {
      // That a whole number is one that JavaScript can tell from its neighbours goes without saying.
      if (made.minimum === Number.MIN_SAFE_INTEGER) delete made.minimum;
      if (made.maximum === Number.MAX_SAFE_INTEGER) delete made.maximum;
      // OpenAPI 3.0.3 wants null among the values as well.
      const { enum: values, nullable } = made as { enum?: (string | null)[]; nullable?: boolean };
      if (nullable === true && values !== undefined) made.enum = [...new Set([...values, null])] as string[];
    },
  }) as Schema<never>;
}

/** Text that goes out as it is: it is not parsed and written once more. */
export function sendJson<Text extends Json<unknown>>(reply: Pick<FastifyReply, 'type'>, json: Text): Text {
  reply.type('application/json; charset=utf-8');
  return json;
}
