import { siteSlug } from '../../../platforms/siteSlug.ts';
import type { SimulatedSite } from '../site.ts';
import type { SimulatedFile, SimulatedPost, SimulatedUser } from '../state.ts';
import { mayPublish } from './access.ts';
import { WpError } from './restAnswer.ts';
import { uniqueSlug } from './slug.ts';
import { filteredHtml } from './unfilteredHtml.ts';

/** Posts with these statuses need no slug and no fixed date. */
const UNPUBLISHED = ['draft', 'pending', 'auto-draft'];
const TRASHED = '__trashed';
/** The option `default_category`. */
export const DEFAULT_CATEGORY = 1;
const MINUTE_MS = 60_000;

/** The wanted changes of a post. Absent fields stay unchanged. */
export interface PostChanges {
  title?: string;
  content?: string;
  excerpt?: string;
  status?: string;
  slug?: string;
  password?: string;
  author?: number;
  parent?: number;
  /** UTC. Null removes the fixed date of the post. */
  dateGmt?: string | null;
  file?: SimulatedFile;
}

/** wp_insert_post(): creates a post, as a draft when no status is given. Throws WpError. */
export function insertPost(
  site: SimulatedSite,
  type: string,
  changes: PostChanges,
  user: SimulatedUser | null,
): SimulatedPost {
  const { posts, postTypes } = site.state;
  const id = Math.max(posts.at(-1)?.id ?? 0, site.lastPostId) + 1;
  const post: SimulatedPost = {
    id,
    type,
    status: 'new',
    slug: '',
    title: '',
    content: '',
    excerpt: '',
    author: user?.id ?? 0,
    terms: [],
    modified_gmt: '',
  };
  save(site, post, changes, user);
  if (postTypes[type]?.related.includes('category')) post.terms = [DEFAULT_CATEGORY];
  posts.push(post);
  site.lastPostId = id;
  site.outbox.note(post, 'status');
  site.outbox.note(post, 'metadata');
  return post;
}

/**
 * wp_update_post(): changes a post and sets its `modified_gmt`, even when nothing changes. Throws WpError.
 */
export function updatePost(
  site: SimulatedSite,
  post: SimulatedPost,
  changes: PostChanges,
  user: SimulatedUser | null,
): void {
  const { status, slug, parent } = post;
  save(site, post, changes, user);
  const categories = post.type === 'post' ? site.termsOf(post, 'category') : [];
  if (post.type === 'post' && categories.length === 0) post.terms = [...(post.terms ?? []), DEFAULT_CATEGORY];
  if (post.status !== status) site.outbox.note(post, 'status');
  if (post.status === 'trash') return;
  if (post.slug !== slug || post.parent !== parent) site.outbox.note(post, 'status');
  site.outbox.note(post, 'metadata');
}

/** wp_trash_post() */
export function trashPost(site: SimulatedSite, post: SimulatedPost, user: SimulatedUser | null): void {
  if (post.status !== 'trash') updatePost(site, post, { status: 'trash' }, user);
}

/** Restores a post from the trash with its former status and slug, as wp-admin does. */
export function untrashPost(site: SimulatedSite, post: SimulatedPost, user: SimulatedUser | null): void {
  if (post.status === 'trash') updatePost(site, post, { status: post.trashed?.status ?? 'draft' }, user);
}

/** wp_delete_post( …, true ): deletes a post. Its children move to its parent. */
export function deletePost(site: SimulatedSite, post: SimulatedPost): void {
  const { posts } = site.state;
  const at = site.firstAfter(post.id - 1);
  if (posts[at] !== post) throw new Error(`The simulated site has no such post ${post.id}.`);
  posts.splice(at, 1);
  site.lastPostId = Math.max(site.lastPostId, post.id);
  if (site.state.postTypes[post.type]?.hierarchical === true) {
    for (const child of posts) {
      if (child.parent === post.id && child.type === post.type) child.parent = post.parent ?? 0;
    }
  }
  site.outbox.noteDeleted(post);
}

function save(
  site: SimulatedSite,
  post: SimulatedPost,
  changes: PostChanges,
  user: SimulatedUser | null,
): void {
  const creating = post.status === 'new';
  const texts = {
    title: changes.title === undefined ? post.title : filteredHtml(changes.title, user).trim(),
    content: changes.content === undefined ? post.content : filteredHtml(changes.content, user),
    excerpt: changes.excerpt === undefined ? (post.excerpt ?? '') : filteredHtml(changes.excerpt, user),
  };
  if (post.type !== 'attachment' && Object.values(texts).every((text) => text === '')) {
    throw new WpError('empty_content', 400, 'Content, title, and excerpt are empty.');
  }
  const wanted = changes.status ?? (creating ? 'draft' : post.status);
  const { dateGmt, floating } = dates(site, post, changes, wanted);
  const status =
    post.type === 'attachment' ? attachmentStatus(wanted) : dated(site, wanted, dateGmt, floating);
  const parent = changes.parent ?? post.parent ?? 0;
  const named = changes.status !== undefined;
  const slug = slugOf(site, post, { ...changes, status, named, parent, title: texts.title }, user);

  Object.assign(post, texts, {
    status,
    slug,
    parent,
    author: changes.author ?? post.author ?? 0,
    date_gmt: dateGmt,
    floating,
    // WordPress sets `modified_gmt` of a new post to its date. So a list of recently modified posts misses a
    // new post with a date in the past.
    modified_gmt: creating ? dateGmt : site.clock.gmt(),
    modifiedOffset: site.clock.gmtOffset,
    ...(changes.password === undefined ? {} : { password: changes.password }),
    ...(changes.file === undefined ? {} : { file: changes.file }),
  });
}

function dates(site: SimulatedSite, post: SimulatedPost, changes: PostChanges, status: string) {
  const now = site.clock.gmt();
  const floats = UNPUBLISHED.includes(status);
  if (typeof changes.dateGmt === 'string') return { dateGmt: changes.dateGmt, floating: false };
  const unset = post.status === 'new' || changes.dateGmt === null || post.floating === true;
  if (unset) return { dateGmt: now, floating: floats };
  return { dateGmt: post.date_gmt ?? post.modified_gmt, floating: false };
}

/** A published post with a future date becomes scheduled. A scheduled post with a past date is published. */
function dated(site: SimulatedSite, status: string, dateGmt: string, floating: boolean): string {
  const ahead = floating ? 0 : Date.parse(`${dateGmt}Z`) - Date.parse(`${site.clock.gmt()}Z`);
  if (status === 'publish' && ahead >= MINUTE_MS) return 'future';
  if (status === 'future' && ahead < MINUTE_MS) return 'publish';
  return status;
}

function attachmentStatus(status: string): string {
  return ['private', 'trash', 'auto-draft'].includes(status) ? status : 'inherit';
}

function slugOf(
  site: SimulatedSite,
  post: SimulatedPost,
  changes: { slug?: string; status: string; named: boolean; parent: number; title: string },
  user: SimulatedUser | null,
): string {
  const { status, parent, title } = changes;
  let slug = siteSlug(changes.slug ?? post.slug);
  if (status === 'pending' && !mayPublish(user, post.type)) slug = '';
  if (slug === '' && !UNPUBLISHED.includes(status)) slug = siteSlug(title);
  if (post.status === 'trash' && status !== 'trash') {
    if (post.trashed !== undefined && post.trashed.slug !== '') slug = post.trashed.slug;
    delete post.trashed;
  }
  if (status !== 'trash' && slug !== '') freeFromTrash(site, slug, post);
  if (status === 'trash' && post.status !== 'trash') slug = trashedSlug(post);
  // The REST API makes the slug of a draft unique too, except for a new draft whose status was not given.
  const asPublished = changes.slug !== undefined && (changes.named || post.status !== 'new');
  const counted = asPublished && ['draft', 'pending'].includes(status) ? 'publish' : status;
  if (slug === '') return whenPublished(site, post, status, parent);
  return uniqueSlug(site, slug, { id: post.id, type: post.type, status: counted, parent });
}

/** The slug of a post whose title gives no slug: its id when it is published. */
function whenPublished(site: SimulatedSite, { id, type }: SimulatedPost, status: string, parent: number) {
  return UNPUBLISHED.includes(status) ? '' : uniqueSlug(site, String(id), { id, type, status, parent });
}

/** wp_add_trashed_suffix_to_post_name_for_post() */
function trashedSlug(post: SimulatedPost): string {
  post.trashed = { status: post.status, slug: post.slug };
  return post.slug.endsWith(TRASHED) ? post.slug : suffixed(post.slug);
}

/** When another post wants the slug of a trashed post, the trashed post gets another slug. */
function freeFromTrash(site: SimulatedSite, slug: string, post: SimulatedPost): void {
  for (const other of site.state.posts) {
    if (other.status !== 'trash' || other.slug !== slug || other.type !== post.type || other === post)
      continue;
    other.trashed = { status: other.trashed?.status ?? 'draft', slug };
    other.slug = suffixed(slug);
  }
}

function suffixed(slug: string): string {
  return `${slug.slice(0, 191)}${TRASHED}`;
}
