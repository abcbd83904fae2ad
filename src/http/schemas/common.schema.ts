import { z } from 'zod';
import { jsonValue } from '../../platforms/connection.ts';

const largestId = 2_147_483_647;

/**
 * An id in a path. Any whole number is well formed. A number that no row can have becomes 0. No row has the
 * id 0, so the call answers 404, as for any other id that does not exist.
 */
const pathId = z
  .string()
  .regex(/^-?\d{1,40}$/, 'must be a whole number')
  .transform((text) => {
    const id = Number(text);
    return id >= 1 && id <= largestId ? id : 0;
  });

export const idParams = z.object({ id: pathId });
export const runParams = z.object({ id: pathId, run_id: pathId });

/** An id in a body. A number beyond the largest id becomes 0, which no row has. */
export const bodyId = z
  .int('must be a whole number')
  .min(1, 'must be at least 1')
  .transform((id) => (id <= largestId ? id : 0));

/** An id in a query. A number beyond the largest id becomes 0, which no row has. */
export const queryId = z
  .string()
  .regex(/^\d{1,40}$/, 'must be a whole number')
  .transform((text) => {
    const id = Number(text);
    return id <= largestId ? id : 0;
  });

export const queryBoolean = z
  .enum(['true', 'false', '1', '0'], 'must be true or false')
  .transform((text) => text === 'true' || text === '1');

const wholeNumber = (least: number, most: number, fallback: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `must be a whole number from ${least} to ${most}`)
    .transform(Number)
    .pipe(z.number().min(least, `must be at least ${least}`).max(most, `must be at most ${most}`))
    .default(fallback);

export const pageQuery = z.object({
  page: wholeNumber(1, 10_000_000, 1),
  page_size: wholeNumber(1, 100, 20),
});

export const limitQuery = wholeNumber(1, 200, 50);

export const timestamp = z.iso.datetime();

/** The response schema of a list with pages. */
export function pageOf(item: z.ZodType) {
  return z.object({
    count: z.int(),
    next: z.string().nullable(),
    previous: z.string().nullable(),
    results: z.array(item),
  });
}

export const jsonObject = z.record(z.string(), jsonValue);

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string(),
    errors: z.array(z.object({ field: z.string(), code: z.string(), message: z.string() })).optional(),
    request_id: z.string(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' });
