import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { isOpen } from './access/access.ts';
import { errorAnswer } from './errors.ts';
import type { ApiParts } from './parts.ts';
import { answer, NO_QUERY, type Schema } from './schemas.ts';

const error = answer(errorAnswer, 'an error, in words');

const schemes = {
  bearer: { type: 'http', scheme: 'bearer' },
  basic: { type: 'http', scheme: 'basic', description: 'any user, the token as password' },
} as const;

/** Collects the schemas of the routes that are registered after it; what it adds to them is description only. */
export function describeRoutes(app: FastifyInstance, parts: ApiParts): void {
  const { version } = parts;
  const isOpenToAll = parts.tokens().length === 0;
  app.register(swagger, {
    openapi: {
      openapi: '3.0.3',
      info: {
        title: 'Headcount',
        version,
        description: 'Who is on Qlik Sense right now, and who was at a given moment.',
        license: { name: 'MIT' },
      },
      ...(isOpenToAll ? {} : { components: { securitySchemes: schemes } }),
    },
    transform: ({ schema, url, route }) => {
      const { describedBody: body, describedQuery: querystring, isForPagesElsewhere } = route.config ?? {};
      const response = { ...(schema?.['response'] as Schema | undefined), default: error };
      const described = { ...schema, response, ...(body && { body }), ...(querystring && { querystring }) };
      if (isOpenToAll || isOpen(url)) return { schema: described, url };
      const isRead =
        !isForPagesElsewhere &&
        [route.method].flat().every((method) => method === 'GET' || method === 'HEAD');
      const security = isRead ? [{ bearer: [] }, { basic: [] }] : [{ bearer: [] }];
      return { schema: { ...described, security }, url };
    },
  });
}

const description = {
  summary: 'This description, as OpenAPI 3.0',
  querystring: NO_QUERY,
  response: { 200: { type: 'object', additionalProperties: true, description: 'the description' } },
};

export function registerOpenApi(app: FastifyInstance): void {
  app.get('/api/v1/openapi.json', { schema: description }, async () => app.swagger());
}
