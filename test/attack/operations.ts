/** The operations of the document that a running server serves, and the spellings of their paths. */

import type { TestServer } from '../support/server.ts';
import type { CallRule } from './callRules.ts';
import type { Holdings } from './holdings.ts';

/** One operation of `/api/v1/openapi.json`. */
export interface Operation {
  /** `METHOD /path/{name}`. */
  name: string;
  method: string;
  path: string;
  responses: Record<string, unknown>;
}

/** Reads the operations from the server. */
export async function readOperations(server: Pick<TestServer, 'url'>): Promise<Operation[]> {
  const answer = await fetch(`${server.url}/api/v1/openapi.json`);
  const { paths } = (await answer.json()) as {
    paths: Record<string, Record<string, { responses: Record<string, unknown> }>>;
  };
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([key, { responses }]) => {
      const method = key.toUpperCase();
      return { name: `${method} ${path}`, method, path, responses };
    }),
  );
}

/** Is this one of the statuses with which the operation is documented to succeed? */
export function isSuccess(operation: Operation, status: number): boolean {
  return status < 300 && Object.hasOwn(operation.responses, String(status));
}

/** The path with the ids of rows in it. */
export function pathOf(path: string, rule: CallRule, named: Holdings, second: Holdings): string {
  const id = rule.id === undefined ? '' : String(named[rule.id]);
  return path.replace('{id}', id).replace('{run_id}', String(second.run));
}

/** Other paths of the operation. `aliases` are paths that older callers use. */
export function spellingsOf({ path }: Operation, aliases: string[]): string[] {
  const paths = [path, ...aliases];
  const spelled = paths.flatMap((each) => [each, each.replaceAll('-', '_')]);
  return [...new Set(spelled.flatMap((each) => [each, `${each}/`]))].filter((each) => each !== path);
}
