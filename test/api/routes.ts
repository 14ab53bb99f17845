import type { FastifyInstance } from 'fastify';

export interface Route {
  readonly method: string;
  readonly path: string;
}

/** Every route of an API as its router has them, with a value for each parameter; HEAD and refused methods included. */
export async function routesOf(app: FastifyInstance): Promise<Route[]> {
  await app.ready();
  const routes: Route[] = [];
  const above: string[] = [];
  for (const line of app.printRoutes({ commonPrefix: false }).split('\n')) {
    const [, indent = '', part = '', methods = ''] = /^([│ ]*)[├└]── (\S*) \((.*)\)$/.exec(line) ?? [];
    if (methods === '') continue;
    above.length = indent.length / 4;
    above.push(part);
    const path = above.join('').replace(/:\w+/g, 'x');
    for (const method of methods.split(', ')) routes.push({ method, path });
  }
  return routes;
}
