import { z } from 'zod';
import { double } from '../../connection.ts';
import type { ExplainedFault } from '../../explainedFault.ts';
import { fault } from '../faults.ts';
import type { ThrottleStatus } from './costBucket.ts';

const graphqlError = z.object({
  message: z.string().catch(''),
  path: z
    .array(z.union([z.string(), z.number()]))
    .nullish()
    .catch(null),
  extensions: z
    .object({
      code: z.string().nullish().catch(null),
      requiredAccess: z.string().nullish().catch(null),
    })
    .nullish()
    .catch(null),
});

export type GraphqlError = z.output<typeof graphqlError>;

const cost = z.object({
  requestedQueryCost: double,
  throttleStatus: z.object({
    maximumAvailable: double.refine((most) => most > 0),
    currentlyAvailable: double,
    restoreRate: double.refine((rate) => rate > 0),
  }),
});

const answer = z.object({
  data: z.record(z.string(), z.unknown()).nullish().catch(null),
  // A single text if Shopify refused the whole request.
  errors: z
    .union([z.array(graphqlError), z.string().transform((message) => [{ message }])])
    .nullish()
    .catch(null),
  extensions: z
    .object({ cost: cost.nullish().catch(null) })
    .nullish()
    .catch(null),
});

/** A GraphQL answer, including the errors that accompany partial data. */
export interface GraphqlAnswer {
  data: Record<string, unknown> | null;
  errors: GraphqlError[];
  cost: { requested: number; status: ThrottleStatus } | null;
}

/** Reads the body of an answer; null if it is not GraphQL. */
export function readGraphqlAnswer(body: unknown): GraphqlAnswer | null {
  const read = answer.safeParse(body);
  if (!read.success) return null;
  const { data, errors, extensions } = read.data;
  if (!data && !errors) return null;
  const told = extensions?.cost;
  return {
    data: data ?? null,
    errors: errors ?? [],
    cost: told ? { requested: told.requestedQueryCost, status: told.throttleStatus } : null,
  };
}

/** https://shopify.dev/docs/api/admin-graphql#status_and_error_codes */
export function isThrottled({ errors }: GraphqlAnswer): boolean {
  return errors.some(({ extensions, message }) => {
    return extensions?.code === 'THROTTLED' || (!extensions?.code && message === 'Throttled');
  });
}

/** The fault for the errors of an answer without usable data. */
export function graphqlFault(errors: readonly GraphqlError[]): ExplainedFault {
  const byCode = (code: string) => errors.filter(({ extensions }) => extensions?.code === code);
  const denied = byCode('ACCESS_DENIED');
  if (denied.length > 0) {
    const scopes = [...new Set(denied.flatMap(scopesNamed))].join(', ');
    return fault('missing_scopes', {
      values: { scopes: scopes || 'Shopify does not name them' },
      ...(scopes === '' ? {} : { detail: scopes }),
    });
  }
  if (byCode('SHOP_INACTIVE').length > 0) return fault('shop_frozen');
  if (byCode('MAX_COST_EXCEEDED').length > 0) return fault('too_costly');
  if (byCode('INTERNAL_SERVER_ERROR').length > 0) return fault('unreachable', { variant: 'shopify' });
  const [first] = errors;
  const found = first === undefined ? 'no data' : `the error “${first.message.slice(0, 200)}”`;
  return fault('unexpected_answer', { values: { found }, detail: first?.extensions?.code ?? 'graphql' });
}

/** A sentence that names scopes is shorter. Characters. */
const LONGEST_SENTENCE = 2_000;

/** The scopes that an error names. `requiredAccess` is a sentence: "`read_products` access scope." */
function scopesNamed({ extensions, message }: GraphqlError): string[] {
  const sentence = `${extensions?.requiredAccess ?? message}`.slice(0, LONGEST_SENTENCE);
  return sentence.match(/\b(?:read|write)_[a-z_]+\b/g) ?? [];
}
