import { isDeepStrictEqual } from 'node:util';
import type { Reply, Route } from '../../src/http/route.ts';

/**
 * Checks every response of these routes against its declaration, and so against OpenAPI: a declared status,
 * every field of the schema and no other field. A response that deviates becomes a 500, which the test then
 * sees.
 */
export function holdToDocumentation(routes: Route[]): void {
  for (const route of routes) {
    const { handle } = route;
    route.handle = async (input) => {
      const reply = await handle(input);
      const wrong = deviation(route, reply);
      if (wrong !== null) throw new Error(`${route.method} ${route.path} answers ${reply.status}: ${wrong}`);
      return reply;
    };
  }
}

function deviation(route: Route, reply: Reply): string | null {
  const declared = route.responses[reply.status];
  if (!declared) return 'a status that is not documented';
  if (reply.body === undefined) return declared.schema === null ? null : 'no body, where one is documented';
  if (declared.schema === null) return 'a body, where none is documented';
  const sent: unknown = JSON.parse(JSON.stringify(reply.body));
  const parsed = declared.schema.safeParse(sent);
  if (!parsed.success) return parsed.error.message;
  // Zod objects drop the fields that the schema does not name.
  if (isDeepStrictEqual(parsed.data, sent)) return null;
  return `fields that are not documented: ${JSON.stringify(sent)} instead of ${JSON.stringify(parsed.data)}`;
}
