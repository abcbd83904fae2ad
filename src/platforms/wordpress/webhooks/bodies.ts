import { z } from 'zod';
import { type JsonObject, jsonValue } from '../../connection.ts';

/** A post id as a number or as text. A number beyond 2^53 is not exact, so such an id must be text. */
const externalId = z
  .union([z.int().min(1), z.string().regex(/^[1-9]\d{0,19}$/)], {
    error: 'must be a post id, as text if it is beyond 2^53',
  })
  .transform(String);
/** WordPress writes times without an offset. `_gmt` means that they are UTC. */
const modifiedGmt = z
  .string()
  .regex(
    /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?Z?$/,
    'must be a time in UTC such as 2026-01-31T12:00:00Z',
  )
  .transform((text) => `${text.replace(' ', 'T').replace(/Z$/, '')}Z`)
  .refine((text) => !Number.isNaN(Date.parse(text)), 'must be a time that exists');

const fields = {
  external_id: externalId,
  content_key: z
    .uuid('must be the key of a content, a UUID')
    .transform((key) => key.toLowerCase())
    .exactOptional()
    .meta({ description: 'The key of the content of this post, if the plugin knows it.' }),
  content_id: z.int('must be a whole number').min(1, 'must be at least 1').exactOptional().meta({
    description: 'Sent by plugins before 0.4.0, and ignored: a restored database may use a number again.',
  }),
  post_type: z.string().min(1).max(100),
  modified_gmt: modifiedGmt,
  op_id: z.string().min(1).max(200).exactOptional(),
};

/** The body of a status webhook. Fields of newer plugins are ignored. */
export const statusWebhook = z.object({
  ...fields,
  status: z.string().min(1).max(50),
  url: z.string().max(2_000).exactOptional(),
});

const metadata: z.ZodType<JsonObject> = z.record(z.string(), jsonValue);

/** The body of a metadata webhook. Fields of newer plugins are ignored. */
export const metadataWebhook = z.object({
  ...fields,
  title: z.string().exactOptional(),
  slug: z.string().max(1_000).exactOptional(),
  excerpt: z.string().exactOptional(),
  terms: z
    .array(
      z.object({
        taxonomy: z.string().max(100),
        slug: z.string().max(1_000),
        name: z.string().max(1_000),
      }),
    )
    .max(10_000)
    .exactOptional(),
  meta: metadata.exactOptional(),
});
