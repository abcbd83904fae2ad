import { z } from 'zod';
import type { ContentWrite } from '../../contentWrite.ts';
import type { ItemFault } from '../../remoteContent.ts';
import type { AdminAnswer } from '../api/adminClient.ts';
import { fault } from '../faults.ts';

const userErrors = z.array(
  z.object({
    field: z.array(z.string()).nullish().catch(null),
    message: z.string().catch(''),
    code: z.string().nullish().catch(null),
  }),
);
export type UserErrors = z.output<typeof userErrors>;

/** The result of a mutation of one item. */
export type Mutated = { item: unknown; errors: [] } | { item: null; errors: UserErrors };

/**
 * Reads the payload under `field`, and the item in it under `itemField`; with null as `itemField`, no item is
 * read. Throws ExplainedFault `unexpected_answer`.
 */
export function readPayload(answer: AdminAnswer, field: string, itemField: string | null): Mutated {
  const payload = z.record(z.string(), z.unknown()).safeParse(answer.data[field]);
  const errors = userErrors.safeParse(payload.data?.userErrors);
  if (!payload.success || !errors.success)
    throw fault('unexpected_answer', { values: { found: 'a mutation without its outcome' } });
  if (errors.data.length > 0) return { item: null, errors: errors.data };
  return { item: itemField === null ? null : payload.data[itemField], errors: [] };
}

/** Does the error say that another item has the handle? */
export function isTaken({ field, message, code }: UserErrors[number]): boolean {
  return code === 'TAKEN' || ((field?.includes('handle') ?? false) && /taken|already|in use/i.test(message));
}

/** The fault with the shop's reasons for refusing a write. */
export function userFault(write: ContentWrite, errors: UserErrors): ItemFault {
  const code = errors.find((error) => error.code)?.code?.toLowerCase() ?? 'refused';
  const told = errors.map(({ field, message }) => (field ? `${field.join('.')}: ${message}` : message));
  return { externalId: write.externalId, code, message: told.join('; ').slice(0, 1000) };
}
