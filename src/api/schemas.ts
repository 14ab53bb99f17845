/** Pieces of JSON schemas: what routes take and what they answer. */

/** A JSON schema as OpenAPI 3.0 has it. */
export type Schema = Readonly<Record<string, unknown>>;

export const text = { type: 'string' } as const;
export const integer = { type: 'integer' } as const;
export const number = { type: 'number' } as const;
export const flag = { type: 'boolean' } as const;
/** ISO 8601 UTC. */
export const time = { type: 'string', format: 'date-time' } as const;

export function nullable(schema: Schema): Schema {
  return { ...schema, nullable: true };
}

export function list(items: Schema): Schema {
  return { type: 'array', items };
}

/** An object with these members, all present, and no others. */
export function object(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

/** An object with members of any name. */
export function record(values: Schema): Schema {
  return { type: 'object', additionalProperties: values };
}

/** A query with these parameters, all optional; any other one is a 400. */
export function query(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: 'object', properties, additionalProperties: false };
}

export const NO_QUERY = query({});

/** What the schema compiler says is wrong with a query, in words for the caller. */
export function schemaProblem(
  errors: readonly {
    readonly keyword: string;
    readonly instancePath: string;
    readonly message?: string;
    readonly params: Readonly<Record<string, unknown>>;
  }[],
): Error {
  const [first] = errors;
  if (first === undefined) return new Error('the request is not valid');
  const { keyword, instancePath, params } = first;
  const name = instancePath.slice(1);
  if (keyword === 'additionalProperties') {
    const unknown = JSON.stringify(String(params['additionalProperty']).slice(0, 100));
    return new Error(`unknown query parameter ${unknown}`);
  }
  if (keyword === 'enum') {
    return new Error(`${name}: expected one of ${(params['allowedValues'] as string[]).join(', ')}`);
  }
  return new Error(`${name}: ${first.message ?? 'not valid'}`);
}
