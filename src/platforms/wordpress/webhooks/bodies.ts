import { z } from 'zod';
import { type JsonObject, jsonValue } from '../../connection.ts';

/** A post id as a number or as text. A number beyond 2^53 is not exact, so such an id must be text. */
const externalId = z
  .union([z.int().min(1), z.string().regex(/^[1-9]\d{0,19}$/)], {
    error: 'must be a post id, as text if it is beyond 2^53',
  })
  .transform(String);
/** WordPress writes times without an offset. `_gmt` means that they are UTC. */
const utcTime = z
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
  modified_gmt: utcTime,
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

const termSlug = z
  .string()
  .max(1_000)
  .regex(/^[^/]+$/, 'must be the slug of a term, without a slash');
const termName = z.string().max(1_000);

/** The body of a webhook about a term. Fields of newer plugins are ignored. */
export const termsWebhook = z.object({
  taxonomy: z.string().min(1).max(100),
  external_id: externalId,
  slug: termSlug,
  name: termName.meta({ description: 'As plain text.' }),
  parent_external_id: z
    .union([externalId, z.literal([0, '0', null])], { error: 'must be the id of a term' })
    .exactOptional(),
  deleted: z.boolean().exactOptional(),
  was: z.object({ slug: termSlug }).exactOptional().meta({ description: 'The term before the change.' }),
  instead: z.object({ slug: termSlug, name: termName }).exactOptional().meta({
    description: 'With `deleted`: the term that posts got whose last term of the taxonomy was deleted.',
  }),
  at: utcTime,
});

const address = z
  .string()
  .max(2_000)
  .regex(/^https?:\/\/[^/]/i, 'must be an address with http or https');

/** The body of a webhook about the site itself. Fields of newer plugins are ignored. */
export const siteWebhook = z.object({
  home: address.meta({ description: 'Where visitors find the site.' }),
  site_url: address.meta({ description: 'Where WordPress itself is.' }),
  name: z.string().max(1_000),
  permalink_structure: z.string().max(1_000),
  time_zone: z.string().max(100),
  posts_changed: z.boolean().exactOptional().meta({
    description: 'Many posts changed at once without a new date. The server compares all of them.',
  }),
  at: utcTime,
});
