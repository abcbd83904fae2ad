import { isDeepStrictEqual } from 'node:util';
import type { Reply, Route } from '../../src/http/route.ts';

/**
 * Makes every answer of these routes prove that it is what its declaration, and so OpenAPI, says: a status that is
 * declared, every field of its schema and no other. One that is not becomes a 500 that the test meets.
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
  // Objects leave out what they do not know.
  if (isDeepStrictEqual(parsed.data, sent)) return null;
  return `fields that are not documented: ${JSON.stringify(sent)} instead of ${JSON.stringify(parsed.data)}`;
}
