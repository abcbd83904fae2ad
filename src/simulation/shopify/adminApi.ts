import { execute, GraphQLError, parse, validate } from 'graphql';
import type { JsonObject } from '../../platforms/connection.ts';
import { actualCost, requestedCost } from './cost.ts';
import { mutationRoot } from './mutations.ts';
import { queryRoot } from './queries.ts';
import { schema } from './schema.ts';
import type { SimulatedState } from './state.ts';
import type { Throttle } from './throttle.ts';

export interface GraphqlRequest {
  query: string;
  variables: Record<string, unknown>;
}

interface AdminApiParts {
  state: SimulatedState;
  throttle: Throttle;
  /** Milliseconds since 1970. */
  clock: () => number;
  /** The largest cost of one query, in points. */
  maxCost: number;
}

/** Executes one GraphQL request and returns the response body, which contains errors as in the Admin API. */
export async function answerGraphql(
  { state, throttle, clock, maxCost }: AdminApiParts,
  { query, variables }: GraphqlRequest,
  options: { scopes: readonly string[]; throttled: boolean },
): Promise<JsonObject> {
  let document: ReturnType<typeof parse>;
  try {
    document = parse(query);
  } catch (error) {
    return errorsOnly([error instanceof Error ? error.message : 'syntax error']);
  }
  const invalid = validate(schema, document);
  if (invalid.length > 0) return errorsOnly(invalid.map(({ message }) => message));

  const requested = requestedCost(document, variables);
  if (requested > maxCost) {
    return plain({
      errors: [
        {
          message: `Query cost is ${requested}, which exceeds the single query max cost limit (${maxCost}).`,
          extensions: { code: 'MAX_COST_EXCEEDED', cost: requested, maxCost },
        },
      ],
    });
  }
  const told = (actual: number | null) => ({
    cost: { requestedQueryCost: requested, actualQueryCost: actual, throttleStatus: throttle.status() },
  });
  if (options.throttled || !throttle.take(requested)) {
    return plain({
      errors: [
        {
          message: 'Throttled',
          extensions: {
            code: 'THROTTLED',
            documentation: 'https://shopify.dev/api/usage/rate-limits',
          },
        },
      ],
      extensions: told(null),
    });
  }
  const now = () => new Date(Math.floor(clock() / 1000) * 1000).toISOString();
  const { data, errors } = await execute({
    schema,
    document,
    rootValue: { ...queryRoot(state, options.scopes), ...mutationRoot(state, options.scopes, now) },
    variableValues: variables,
  });
  const actual = actualCost(document, variables, data);
  throttle.refund(requested - actual);
  return plain({
    ...(data === undefined ? {} : { data }),
    ...(errors === undefined ? {} : { errors }),
    extensions: told(actual),
  });
}

function errorsOnly(messages: string[]): JsonObject {
  return plain({ errors: messages.map((message) => new GraphQLError(message)) });
}

function plain(value: unknown): JsonObject {
  return JSON.parse(JSON.stringify(value));
}
