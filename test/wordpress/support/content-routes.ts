/** Calls the connector's content routes, and prepares a site with unusual types, meta and statuses. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { contentKey, operationId } from '../../support/identity.ts';
import { type JsonAnswer, type SigningOptions, signedFetch } from './signed-request.ts';
import type { Wordpress } from './wordpress.ts';

/** Types, meta and a status in addition to core's. */
const MU_PLUGIN = `<?php
add_action( 'init', static function () {
	add_theme_support( 'post-thumbnails' );
	add_post_type_support( 'book', 'thumbnail' );
	register_post_type( 'film', array( 'label' => 'Films', 'public' => true, 'show_in_rest' => true, 'rest_base' => 'films', 'supports' => array( 'title', 'editor' ) ) );
	register_taxonomy( 'mood', array( 'book', 'post' ), array( 'label' => 'Moods', 'public' => true, 'show_in_rest' => true ) );
	register_taxonomy( 'hidden_mark', array( 'post' ), array( 'label' => 'Marks', 'public' => true ) );
	register_post_type( 'locked', array( 'label' => 'Locked', 'public' => true, 'show_in_rest' => true, 'capability_type' => 'locked' ) );
	register_post_status( 'shelved', array( 'label' => 'Shelved', 'public' => true ) );
	foreach ( array( 'post', 'book', 'film' ) as $type ) {
		register_post_meta( $type, 'colour', array( 'type' => 'string', 'single' => true, 'show_in_rest' => true, 'default' => 'none' ) );
		register_post_meta( $type, 'rank', array( 'type' => 'integer', 'single' => true, 'show_in_rest' => array( 'name' => 'position' ) ) );
		register_post_meta( $type, 'ratio', array( 'type' => 'number', 'single' => true, 'show_in_rest' => true ) );
		register_post_meta( $type, 'words', array( 'type' => 'string', 'single' => false, 'show_in_rest' => true ) );
		register_post_meta( $type, 'box', array( 'type' => 'object', 'single' => true, 'show_in_rest' => array( 'schema' => array( 'type' => 'object', 'properties' => array( 'a' => array( 'type' => 'integer' ) ) ) ) ) );
		register_post_meta( $type, 'inner', array( 'type' => 'string', 'single' => true, 'show_in_rest' => false ) );
		register_post_meta( $type, 'guarded', array( 'type' => 'string', 'single' => true, 'show_in_rest' => true, 'auth_callback' => '__return_false' ) );
	}
} );`;

/** Adds the types, meta and status to a site. */
export function addContentTypes(wordpress: Wordpress): void {
  writeFileSync(join(wordpress.root, 'wp-content/mu-plugins/content-routes-test.php'), MU_PLUGIN);
}

const item = z.strictObject({
  id: z.int(),
  type: z.string(),
  status: z.string(),
  slug: z.string(),
  link: z.string(),
  title: z.string(),
  content: z.string(),
  excerpt: z.string(),
  protected: z.boolean(),
  author: z.int(),
  date_gmt: z.string().nullable(),
  modified_gmt: z.string().nullable(),
  parent: z.int(),
  featured_media: z.int(),
  terms: z.array(z.strictObject({ taxonomy: z.string(), slug: z.string(), name: z.string() })),
  meta: z.record(z.string(), z.json()),
  built_with: z.string().nullable(),
  content_key: z.uuid().nullable(),
  content_id: z.int().nullable(),
  hash: z.string().regex(/^[0-9a-f]{16}$/),
});
/** One item, as the connector returns it. */
export type Item = z.output<typeof item>;

/** What the links of the type depend on. */
const links = z.string().regex(/^[0-9a-f]{16}$/);
const page = z.strictObject({
  links,
  items: z.array(item),
  forbidden: z.array(z.int()),
  last_operation: z.uuid().nullable(),
  next_after_id: z.int().nullable(),
  total: z.int(),
});
const some = z.strictObject({
  links,
  last_operation: z.uuid().nullable(),
  items: z.array(item),
  forbidden: z.array(z.int()),
  gone: z.array(z.int()),
});
const inventory = z.strictObject({
  links,
  last_operation: z.uuid().nullable(),
  size: z.int(),
  total: z.int(),
  ranges: z.array(z.tuple([z.int(), z.int(), z.string().regex(/^[0-9a-f]{16}$/)])),
});
const inRanges = z.strictObject({
  links,
  last_operation: z.uuid().nullable(),
  size: z.int(),
  items: z.array(z.tuple([z.int(), z.string()])),
});
const written = z.strictObject({
  created: z.boolean(),
  item,
  notes: z.array(z.strictObject({ code: z.string(), message: z.string().min(1) })),
});
const conflict = z.object({
  code: z.enum(['sitebridge_conflict', 'sitebridge_already_there']),
  data: z.object({ status: z.literal(409), item: item.nullable() }),
});

/** Parses the response to a write. */
export const readWritten = (json: unknown) => written.parse(json);

function itemRoute(contentId: number): string {
  return `/sitebridge/v1/items/${contentKey(contentId)}`;
}

/** Tests give operations a name, which is sent as a UUID. */
function bodyOf(contentId: number, body: Record<string, unknown>): Record<string, unknown> {
  const { op_id: name = `op-${contentId}` } = body;
  return { ...body, op_id: typeof name === 'string' && /^[\w-]+$/.test(name) ? operationId(name) : name };
}

/** Calls the routes as the server does. Reads throw when a response is malformed. */
export class ContentRoutes {
  readonly #wordpress: Wordpress;
  readonly #signing: SigningOptions;
  readonly #made = new Map<number, Item>();

  constructor(wordpress: Wordpress, signing: SigningOptions) {
    this.#wordpress = wordpress;
    this.#signing = signing;
  }

  /** A signed GET. */
  get(route: string, query = ''): Promise<JsonAnswer> {
    return signedFetch(this.#wordpress.restUrl(route) + (query === '' ? '' : `?${query}`), this.#signing);
  }

  async page(query: string) {
    return page.parse(await this.#read('/sitebridge/v1/items', query));
  }

  /** Every item of a type, page by page. */
  async all(type: string, limit: number): Promise<Item[]> {
    const items: Item[] = [];
    let after: number | null = 0;
    while (after !== null) {
      const read: z.output<typeof page> = await this.page(`type=${type}&after_id=${after}&limit=${limit}`);
      items.push(...read.items);
      after = read.next_after_id;
    }
    return items;
  }

  async some(type: string, ids: readonly number[]) {
    return some.parse(await this.#read('/sitebridge/v1/items', `type=${type}&include=${ids.join(',')}`));
  }

  async one(type: string, id: number): Promise<Item> {
    const [only] = (await this.some(type, [id])).items;
    if (only === undefined) throw new Error(`There is no ${type} ${id}`);
    return only;
  }

  async inventory(query: string) {
    return inventory.parse(await this.#read('/sitebridge/v1/inventory', query));
  }

  async inRanges(query: string) {
    return inRanges.parse(await this.#read('/sitebridge/v1/inventory', query));
  }

  /** Sends a write: a create, or a write to the post that `id` names. */
  put(contentId: number, body: Record<string, unknown>): Promise<JsonAnswer> {
    return this.#send('POST', itemRoute(contentId), bodyOf(contentId, body));
  }

  /** Sends a write as servers did before contents had keys. */
  putByNumber(contentId: number, body: Record<string, unknown>): Promise<JsonAnswer> {
    return this.#send('PUT', `/sitebridge/v1/items/${contentId}`, { op_id: `op-${contentId}`, ...body });
  }

  /**
   * Sends a write that must succeed. A write to an existing post sends its present hash. Returns the
   * response.
   */
  async write(contentId: number, body: Record<string, unknown>) {
    const own = this.#made.get(contentId);
    const target =
      own === undefined || 'id' in body
        ? {}
        : { id: own.id, expected_hash: (await this.one(own.type, own.id)).hash };
    const answer = await this.put(contentId, { type: own?.type ?? 'post', ...target, ...body });
    if (answer.status !== 200 && answer.status !== 201) {
      throw new Error(`HTTP ${answer.status}: ${JSON.stringify(answer.json)}`);
    }
    const done = written.parse(answer.json);
    if (done.created !== (answer.status === 201))
      throw new Error(`HTTP ${answer.status} for ${done.created}`);
    this.#made.set(contentId, done.item);
    return done;
  }

  /** Sends a write that must be a conflict. Returns the state of the item on the site. */
  async conflict(contentId: number, body: Record<string, unknown>): Promise<Item | null> {
    const answer = await this.put(contentId, { type: 'post', ...body });
    return conflict.parse({ status: answer.status, ...Object(answer.json) }).data.item;
  }

  batch(requests: { contentId: number; body: Record<string, unknown> }[]): Promise<JsonAnswer> {
    return this.#send('POST', '/batch/v1', {
      requests: requests.map(({ contentId, body }) => ({
        method: 'POST',
        path: itemRoute(contentId),
        body: bodyOf(contentId, body),
      })),
    });
  }

  async #read(route: string, query: string): Promise<unknown> {
    const answer = await this.get(route, query);
    if (answer.status !== 200) throw new Error(`HTTP ${answer.status}: ${JSON.stringify(answer.json)}`);
    return answer.json;
  }

  #send(method: string, route: string, body: Record<string, unknown>): Promise<JsonAnswer> {
    return signedFetch(this.#wordpress.restUrl(route), {
      ...this.#signing,
      method,
      body: JSON.stringify(body),
    });
  }
}
