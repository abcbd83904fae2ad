/**
 * The contents in a WordPress's own database and the contents that the server stores, in one form for
 * comparison.
 */
import type { Content } from '../../../src/database/generated/client.ts';
import type { SqlValue, Wordpress } from './wordpress.ts';

/** One content. */
export interface ComparedContent {
  id: number;
  type: string;
  title: string;
  slug: string;
  body: string;
  excerpt: string;
  status: string;
  externalStatus: string | null;
  url: string | null;
  modifiedAt: string | null;
  terms: unknown;
  metadata: unknown;
}

type Row = Record<string, SqlValue>;

/** Types whose meta is registered by `syncable-meta.php`. */
const WITH_META = ['post', 'book'];
/** Types whose address contains the type's name. */
const OF_PLUGINS = ['book', 'film'];
/** Types for which WordPress itself registers `footnotes`, since 6.3. */
const WITH_FOOTNOTES = ['post', 'page'];

/**
 * Every post, page, book and film that is content, in ascending order of ids. The WordPress must have the
 * time zone UTC. `home` is its address.
 */
export async function databaseContents(wordpress: Wordpress, home: string): Promise<ComparedContent[]> {
  const posts = await wordpress.query(
    `SELECT ID, post_type, post_title, post_name, post_content, post_excerpt, post_status, post_author, post_parent,
      post_date, post_date_gmt, post_modified, post_modified_gmt
    FROM wp_posts WHERE post_type IN ('post', 'page', 'book', 'film') AND post_status NOT IN ('trash', 'auto-draft', 'inherit')
    ORDER BY ID`,
  );
  const terms = grouped(
    await wordpress.query(
      `SELECT object_id AS id, taxonomy, slug, name FROM wp_term_relationships
      JOIN wp_term_taxonomy USING (term_taxonomy_id) JOIN wp_terms USING (term_id)
      WHERE taxonomy IN ('category', 'post_tag', 'genre', 'mood') ORDER BY taxonomy, slug`,
    ),
  );
  const meta = grouped(
    await wordpress.query(
      `SELECT post_id AS id, meta_key, meta_value FROM wp_postmeta
      WHERE meta_key IN ('_thumbnail_id', 'subtitle', 'rating', 'words') ORDER BY meta_id`,
    ),
  );
  const hasFootnotes = Number.parseFloat(wordpress.version) >= 6.3;
  const byId = new Map(posts.map((post) => [Number(post.ID), post]));
  return posts.map((post) => {
    const id = Number(post.ID);
    const status = String(post.post_status);
    return {
      id,
      type: String(post.post_type),
      title: String(post.post_title),
      slug: String(post.post_name),
      body: String(post.post_content),
      excerpt: String(post.post_excerpt),
      status: status === 'private' ? 'private' : status === 'publish' ? 'published' : 'draft',
      externalStatus: status,
      url: addressOf(post, byId, home),
      // A post that was never published may have only local times.
      modifiedAt: moment(post.post_modified_gmt) ?? moment(post.post_modified),
      terms: (terms.get(id) ?? []).map(({ taxonomy, slug, name }) => ({
        taxonomy,
        slug,
        name: String(name).replaceAll('&amp;', '&'),
      })),
      metadata: {
        ...metadataOf(post, meta.get(id) ?? []),
        ...(hasFootnotes && WITH_FOOTNOTES.includes(String(post.post_type)) ? { footnotes: '' } : {}),
      },
    };
  });
}

/** The stored form of a content. */
export function storedContent(content: Content): ComparedContent {
  const { contentType, title, slug, body, excerpt, status, externalStatus, externalUrl, metadata } = content;
  return {
    id: Number(content.externalId),
    type: contentType,
    title,
    slug,
    body,
    excerpt,
    status,
    externalStatus,
    url: externalUrl,
    modifiedAt: content.externalModifiedAt?.toISOString() ?? null,
    terms: content.terms,
    metadata,
  };
}

/** Registered meta exists for every post, at least with its default. */
function metadataOf(post: Row, rows: Row[]): Record<string, unknown> {
  const values = (key: string) => rows.filter((row) => row.meta_key === key).map((row) => row.meta_value);
  const numbers = {
    author: Number(post.post_author),
    // A post of the type `post` has no parent.
    parent: post.post_type === 'post' ? 0 : Number(post.post_parent),
    featured_media: Number(values('_thumbnail_id')[0] ?? 0),
  };
  return {
    ...(WITH_META.includes(String(post.post_type))
      ? {
          subtitle: values('subtitle')[0] ?? '',
          rating: Number(values('rating')[0] ?? 0),
          words: values('words'),
        }
      : {}),
    ...Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== 0)),
    date_gmt: moment(post.post_date_gmt) ?? moment(post.post_date),
  };
}

/** The permalink with the structure `/%postname%/`. An unpublished post has its number instead. */
function addressOf(post: Row, byId: ReadonlyMap<number, Row>, home: string): string {
  const { ID: id, post_type: type, post_status: status } = post;
  if (status !== 'publish' && status !== 'private') {
    if (OF_PLUGINS.includes(String(type))) return `${home}/?post_type=${type}&p=${id}`;
    return `${home}/?${type === 'page' ? 'page_id' : 'p'}=${id}`;
  }
  const parts: SqlValue[] = [];
  for (let at: Row | undefined = post; at !== undefined; at = byId.get(Number(at.post_parent))) {
    parts.unshift(at.post_name ?? '');
  }
  return `${home}/${OF_PLUGINS.includes(String(type)) ? `${type}/` : ''}${parts.join('/')}/`;
}

function grouped(rows: Row[]): Map<number, Row[]> {
  const groups = new Map<number, Row[]>();
  for (const row of rows) {
    const id = Number(row.id);
    groups.set(id, [...(groups.get(id) ?? []), row]);
  }
  return groups;
}

/** A time in WordPress's database as ISO 8601 UTC; null for zeros. */
function moment(time: SqlValue | undefined): string | null {
  const text = String(time);
  return text.startsWith('0000') ? null : new Date(`${text.replace(' ', 'T')}Z`).toISOString();
}
