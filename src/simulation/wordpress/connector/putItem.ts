import { forbidden, mayCreate, mayEdit, mayEditOthers } from '../core/access.ts';
import { metaOf, setMeta } from '../core/meta.ts';
import type { Parameters } from '../core/parameters.ts';
import { isRecord } from '../core/requestBody.ts';
import { type RestAnswer, reply, WpError } from '../core/restAnswer.ts';
import { insertPost, type PostChanges, updatePost } from '../core/savePost.ts';
import { setTerms } from '../core/saveTerm.ts';
import { checkStatus } from '../core/writePost.ts';
import type { SimulatedPost } from '../state.ts';
import { contentHash, contentItem } from './contentItem.ts';
import { findOrMakeTerm, readTerms } from './itemTerms.ts';
import { type ItemsRequest, typeOf } from './readItems.ts';

/** Something of a write that was passed over. */
interface Note {
  code: string;
  message: string;
}

/** `PUT sitebridge/v1/items/{content_id}`: one post for each content of the server, however often it is sent. */
export function putItem(request: ItemsRequest, contentId: number): RestAnswer {
  const { site, parameters } = request;
  const operation = parameters.text('op_id') ?? '';
  const id = parameters.get('id') === null ? undefined : parameters.integer('id', { min: 1 });
  const expected = parameters.get('expected_hash') === null ? undefined : parameters.text('expected_hash');
  const changes = readChanges(request);
  const terms = parameters.has('terms') ? readTerms(parameters) : null;
  const type = typeOf(request);

  const mapped = site.state.posts.find((post) => post.contentId === contentId);
  const named = id === undefined ? undefined : site.post(id);
  const post = mapped ?? (named?.type === type ? named : undefined);
  checkExpected(request, post, { named: id !== undefined, expected });
  checkRights(request, type, post, changes);

  return site.outbox.during(operation === '' ? null : operation, () => {
    const stored = store(request, type, post, changes, contentId);
    const notes = [
      ...(terms === null ? [] : saveTerms(request, stored, terms)),
      ...saveMeta(request, stored),
    ];
    savePicture(parameters, request, stored);
    const created = post === undefined;
    return reply({ created, item: contentItem(site, stored), notes }, created ? 201 : 200);
  });
}

function readChanges({ site, parameters }: ItemsRequest): PostChanges {
  const changes: PostChanges = {};
  for (const name of ['title', 'content', 'excerpt', 'slug', 'status'] as const) {
    const text = parameters.text(name);
    if (text !== undefined) changes[name] = text;
  }
  for (const name of ['author', 'parent'] as const) {
    const number = parameters.integer(name, { min: 0 });
    if (number !== undefined) changes[name] = number;
  }
  const date = parameters.time('date_gmt');
  if (typeof date === 'string') changes.dateGmt = site.clock.read(date, true);
  return changes;
}

/** Throws WpError `sitebridge_conflict`, with the item as it is now. */
function checkExpected(
  { site }: ItemsRequest,
  post: SimulatedPost | undefined,
  { named, expected }: { named: boolean; expected: string | undefined },
): void {
  const must = named || expected !== undefined;
  const gone = post === undefined || post.status === 'trash';
  const differs = post !== undefined && expected !== undefined && contentHash(site, post) !== expected;
  if (!(must && gone) && !differs) return;
  throw new WpError('sitebridge_conflict', 409, 'The item is not any more what was expected.', {
    item: post === undefined ? null : contentItem(site, post),
  });
}

function checkRights(
  { site, user }: ItemsRequest,
  type: string,
  post: SimulatedPost | undefined,
  changes: PostChanges,
): void {
  if (post === undefined && !mayCreate(user, type)) {
    throw forbidden('rest_cannot_create', user, 'Sorry, you are not allowed to create posts as this user.');
  }
  if (post !== undefined && !mayEdit(user, post)) {
    throw forbidden('rest_cannot_edit', user, 'Sorry, you are not allowed to edit this post.');
  }
  if (changes.status !== undefined && changes.status !== post?.status)
    checkStatus(changes.status, type, user);
  const { author } = changes;
  if (author === undefined || author === user?.id) return;
  if (!mayEditOthers(user, type)) {
    throw forbidden(
      'rest_cannot_edit_others',
      user,
      'Sorry, you are not allowed to update posts as this user.',
    );
  }
  if (!site.state.users.some(({ id }) => id === author)) {
    throw new WpError('rest_invalid_author', 400, 'Invalid author ID.');
  }
}

function store(
  { site, user }: ItemsRequest,
  type: string,
  post: SimulatedPost | undefined,
  changes: PostChanges,
  contentId: number,
): SimulatedPost {
  const stored = post ?? insertPost(site, type, changes, user);
  if (post !== undefined) updatePost(site, post, changes, user);
  stored.contentId = contentId;
  return stored;
}

/** The whole set of terms: a taxonomy of the type without any is emptied. */
function saveTerms(
  request: ItemsRequest,
  post: SimulatedPost,
  terms: NonNullable<ReturnType<typeof readTerms>>,
): Note[] {
  const { site } = request;
  const taxonomies = site.state.postTypes[post.type]?.related ?? [];
  const notes = [...new Set(terms.map(({ taxonomy }) => taxonomy))]
    .filter((taxonomy) => !taxonomies.includes(taxonomy))
    .map((taxonomy) => ({
      code: 'unknown_taxonomy',
      message: `The type has no taxonomy ${taxonomy} in the REST API.`,
    }));
  for (const taxonomy of taxonomies) {
    const found = terms
      .filter((term) => term.taxonomy === taxonomy)
      .flatMap((term) => findOrMakeTerm(request, term) ?? []);
    const ids = found.map((term) => term.id);
    setTerms(site, post, taxonomy, ids);
  }
  return notes;
}

function saveMeta({ site, parameters }: ItemsRequest, post: SimulatedPost): Note[] {
  const meta = parameters.get('meta');
  if (!isRecord(meta)) return [];
  const registered = metaOf(site, post);
  setMeta(site, post, meta);
  return Object.keys(meta)
    .filter((key) => !(key in registered))
    .map((key) => ({ code: 'unknown_meta', message: `The meta ${key} is not registered for the REST API.` }));
}

function savePicture(parameters: Parameters, { site }: ItemsRequest, post: SimulatedPost): void {
  const picture = parameters.integer('featured_media', { min: 0 });
  if (picture !== 0 && (picture === undefined || site.post(picture)?.type !== 'attachment')) return;
  if ((post.featured_media ?? 0) !== picture) site.outbox.note(post, 'metadata');
  post.featured_media = picture;
}
