import { z } from 'zod';
import type { JsonValue } from '../../platforms/connection.ts';

const largestId = 2_147_483_647;

/**
 * An id in a path. Any whole number is well formed; one that no row can have becomes 0, which no row has,
 * so that it is a 404 like every other id that is not there.
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

/** An id in a body or a query: a number that may or may not be there. Beyond the largest id it is just not there. */
export const bodyId = z
  .int('must be a whole number')
  .min(1, 'must be at least 1')
  .transform((id) => (id <= largestId ? id : 0));

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

/** A page of results, as the lists of the API answer it. */
export function pageOf(item: z.ZodType) {
  return z.object({
    count: z.int(),
    next: z.string().nullable(),
    previous: z.string().nullable(),
    results: z.array(item),
  });
}

/** Any JSON: what has come through JSON.parse is nothing else. */
const jsonValue = z.custom<JsonValue>(() => true);

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
