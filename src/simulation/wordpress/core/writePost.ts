import type { SimulatedSite } from '../site.ts';
import type { SimulatedPost, SimulatedUser } from '../state.ts';
import { forbidden, mayCreate, mayEdit, mayEditOthers, mayPublish } from './access.ts';
import { setMeta } from './meta.ts';
import { type PostRequest, postOf, single } from './posts.ts';
import { type RestAnswer, reply, WpError } from './restAnswer.ts';
import { insertPost, type PostChanges, updatePost } from './savePost.ts';
import { setTerms } from './saveTerm.ts';

/** The statuses that a request may set. Only DELETE moves a post to the trash. */
export const STATUSES = ['publish', 'future', 'draft', 'pending', 'private'] as const;

/** WP_REST_Posts_Controller::create_item(). Throws WpError, in some cases after the post was stored. */
export function createPost(request: PostRequest): RestAnswer {
  const { site, type, parameters, user } = request;
  const wanted = readChanges(request);
  parameters.check();
  if (parameters.has('id')) throw new WpError('rest_post_exists', 400, 'Cannot create existing post.');
  checkAuthor(request, wanted.author, 'create');
  if (!mayCreate(user, type)) {
    throw forbidden('rest_cannot_create', user, 'Sorry, you are not allowed to create posts as this user.');
  }
  checkChanges(request, wanted, null);
  const post = insertPost(site, type, wanted, user);
  saveRest(request, post);
  return reply(single(request, post, true), 201, {
    Location: `${site.collectionUrl(request.type)}/${post.id}`,
  });
}

/** WP_REST_Posts_Controller::update_item() */
export function changePost(request: PostRequest, id: number): RestAnswer {
  const { site, parameters, user } = request;
  const wanted = readChanges(request);
  parameters.check();
  const post = postOf(request, id);
  if (!mayEdit(user, post)) {
    throw forbidden('rest_cannot_edit', user, 'Sorry, you are not allowed to edit this post.');
  }
  checkAuthor(request, wanted.author, 'update');
  checkChanges(request, wanted, post);
  updatePost(site, post, wanted, user);
  saveRest(request, post);
  return reply(single(request, post, true));
}

function readChanges({ site, type, parameters }: PostRequest): PostChanges {
  const attachment = type === 'attachment';
  const status = parameters.choice('status', STATUSES);
  const texts = {
    title: parameters.rawText('title'),
    content: parameters.rawText(attachment ? 'description' : 'content'),
    excerpt: parameters.rawText(attachment ? 'caption' : 'excerpt'),
    slug: parameters.text('slug'),
    password: parameters.text('password'),
  };
  const author = parameters.integer('author');
  const hierarchical = site.state.postTypes[type]?.hierarchical === true;
  const parent = attachment || hierarchical ? parameters.integer(attachment ? 'post' : 'parent') : undefined;
  const local = parameters.time('date');
  const gmt = parameters.time('date_gmt');
  parameters.integer('featured_media');
  for (const taxonomy of site.state.postTypes[type]?.related ?? []) {
    parameters.integers(site.state.taxonomies[taxonomy]?.rest_base ?? taxonomy);
  }
  const changes: PostChanges = {};
  for (const name of ['title', 'content', 'excerpt', 'slug', 'password'] as const) {
    const text = texts[name];
    if (text !== undefined) changes[name] = text;
  }
  if (status !== undefined && !attachment) changes.status = status;
  if (author !== undefined && author !== 0) changes.author = author;
  if (parent !== undefined) changes.parent = parent;
  if (typeof local === 'string') changes.dateGmt = site.clock.read(local);
  else if (typeof gmt === 'string') changes.dateGmt = site.clock.read(gmt, true);
  else if (local === null || gmt === null) changes.dateGmt = null;
  return changes;
}

function checkAuthor({ type, user }: PostRequest, author: number | undefined, verb: string): void {
  if (author === undefined || author === user?.id || mayEditOthers(user, type)) return;
  throw forbidden(
    'rest_cannot_edit_others',
    user,
    `Sorry, you are not allowed to ${verb} posts as this user.`,
  );
}

/** The checks of prepare_item_for_database(). Throws WpError. */
function checkChanges(
  { site, type, user }: PostRequest,
  wanted: PostChanges,
  post: SimulatedPost | null,
): void {
  if (wanted.status !== undefined && wanted.status !== post?.status) checkStatus(wanted.status, type, user);
  if (wanted.author !== undefined && !site.state.users.some(({ id }) => id === wanted.author)) {
    throw new WpError('rest_invalid_author', 400, 'Invalid author ID.');
  }
  if (wanted.parent !== undefined) checkParentPost(site, wanted.parent);
}

/** Throws WpError when the parent does not exist. */
export function checkParentPost(site: SimulatedSite, parent: number): void {
  if (parent === 0 || site.post(parent) !== undefined) return;
  throw new WpError('rest_post_invalid_id', 400, 'Invalid post parent ID.');
}

/** handle_status_param() */
export function checkStatus(status: string, type: string, user: SimulatedUser | null): void {
  if (!['publish', 'future', 'private'].includes(status) || mayPublish(user, type)) return;
  const what = status === 'private' ? 'create private posts' : 'publish posts';
  throw forbidden('rest_cannot_publish', user, `Sorry, you are not allowed to ${what} in this post type.`);
}

/** Sets the featured image, terms and meta, after the post was stored. */
function saveRest({ site, type, parameters }: PostRequest, post: SimulatedPost): void {
  const picture = parameters.integer('featured_media');
  // handle_featured_media() refuses an id that is not an attachment, but its caller ignores the error.
  if (picture === 0 || (picture !== undefined && site.post(picture)?.type === 'attachment')) {
    if ((post.featured_media ?? 0) !== picture) site.outbox.note(post, 'metadata');
    post.featured_media = picture;
  }
  for (const taxonomy of site.state.postTypes[type]?.related ?? []) {
    const ids = parameters.integers(site.state.taxonomies[taxonomy]?.rest_base ?? taxonomy);
    if (ids !== undefined) setTerms(site, post, taxonomy, ids);
  }
  const alt = parameters.text('alt_text');
  if (alt !== undefined && post.file !== undefined) post.file.alt = alt;
  if (parameters.has('meta')) setMeta(site, post, parameters.get('meta'));
}
