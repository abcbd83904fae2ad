import type { Parameters } from '../core/parameters.ts';
import { isRecord } from '../core/requestBody.ts';
import { WpError } from '../core/restAnswer.ts';
import type { PostChanges } from '../core/savePost.ts';
import { STATUSES } from '../core/writePost.ts';
import { type ItemsRequest, typeOf } from './readItems.ts';

/** A term in a write of the server. The slug may be a path from the top, `parent/child`. */
export interface WantedTerm {
  taxonomy: string;
  slug: string;
  name: string;
}

/** The wanted changes of an item. Absent fields stay unchanged. */
export interface ItemWrite {
  type: string;
  operation: string;
  /** The id of the post to write. Null means the post that is linked with the content. */
  id: number | null;
  expected: string | null;
  /** The content number under which a connector before 0.4.0 may have created the post. */
  legacyId: number | null;
  changes: PostChanges;
  terms: WantedTerm[] | null;
  meta: Record<string, unknown>;
  picture: number | null;
  /** Write although a person edits the post. */
  despiteEditor: boolean;
  /** All parameters exactly as sent, as JSON. */
  sent: string;
}

const OPERATION = /^[\x21-\x7e]{1,200}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const HASH = /^[0-9a-f]{16}$/;

/** Reads a write from the parameters. Throws WpError when a parameter is wrong. */
export function readItemWrite(request: ItemsRequest, byKey: boolean): ItemWrite {
  const { site, parameters } = request;
  const operation = parameters.text('op_id') ?? '';
  if (!(byKey ? UUID : OPERATION).test(operation)) parameters.refuse('op_id', 'op_id must be a UUID.');
  const id = parameters.get('id') === null ? null : (parameters.integer('id', { min: 1 }) ?? null);
  const expected =
    parameters.get('expected_hash') === null ? null : (parameters.text('expected_hash') ?? null);
  if (expected !== null && !HASH.test(expected)) {
    parameters.refuse('expected_hash', 'expected_hash does not match its pattern.');
  }
  if (byKey && id !== null && expected === null) {
    throw new WpError('sitebridge_expected_hash_missing', 400, 'A write must say which state it follows.');
  }
  const meta = parameters.get('meta');
  if (meta !== undefined && !isRecord(meta) && !(Array.isArray(meta) && meta.length === 0)) {
    parameters.refuse('meta', 'meta is not of type object.');
  }
  const changes = readChanges(request);
  const terms = parameters.has('terms') ? readTerms(parameters) : null;
  const picture = parameters.integer('featured_media', { min: 0 }) ?? null;
  const type = typeOf(request);
  if (site.state.postTypes[type]?.hierarchical !== true) delete changes.parent;
  return {
    type,
    operation,
    id,
    expected,
    legacyId: byKey ? (parameters.integer('legacy_id', { min: 1 }) ?? null) : null,
    changes,
    terms,
    meta: isRecord(meta) ? meta : {},
    picture,
    despiteEditor: byKey && parameters.get('despite_editor') === true,
    sent: parameters.asSent(),
  };
}

function readChanges({ site, parameters }: ItemsRequest): PostChanges {
  const changes: PostChanges = {};
  for (const name of ['title', 'content', 'excerpt', 'slug'] as const) {
    const text = parameters.text(name);
    // With an empty slug, WordPress would make a new slug from the title, and the post would get a new URL.
    if (text !== undefined && !(name === 'slug' && text === '')) changes[name] = text;
  }
  const status = parameters.choice('status', STATUSES);
  if (status !== undefined) changes.status = status;
  const author = parameters.integer('author', { min: 1 });
  if (author !== undefined) changes.author = author;
  const parent = parameters.integer('parent', { min: 0 });
  if (parent !== undefined) changes.parent = parent;
  const date = parameters.time('date_gmt');
  if (typeof date === 'string') changes.dateGmt = site.clock.read(date, true);
  return changes;
}

function readTerms(parameters: Parameters): WantedTerm[] {
  const list = parameters.get('terms');
  const terms = Array.isArray(list) ? list : [undefined];
  return terms.flatMap((term: unknown) => {
    if (isRecord(term)) {
      const { taxonomy, slug, name } = term;
      if (typeof taxonomy === 'string' && typeof slug === 'string' && typeof name === 'string') {
        return { taxonomy, slug, name };
      }
    }
    parameters.refuse('terms', 'terms must be a list of terms, each with taxonomy, slug and name.');
    return [];
  });
}
