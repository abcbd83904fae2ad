import { hash } from 'node:crypto';
import { forbidden, mayCreate, mayEdit, mayEditOthers } from '../core/access.ts';
import { type RestAnswer, reply, WpError } from '../core/restAnswer.ts';
import { insertPost, type PostChanges, updatePost } from '../core/savePost.ts';
import { checkParentPost, checkStatus } from '../core/writePost.ts';
import type { SimulatedPost } from '../state.ts';
import { contentHash, contentItem } from './contentItem.ts';
import { saveExtras } from './itemExtras.ts';
import { type ItemWrite, readItemWrite } from './itemWrite.ts';
import type { ItemsRequest } from './readItems.ts';

/** `PUT sitebridge/v1/items/{content_id}`: one post for each content of the server, however often it is sent. */
export function putItem(request: ItemsRequest, contentId: number): RestAnswer {
  const { site } = request;
  const write = readItemWrite(request);
  const post = targetOf(request, write, contentId);
  if (post !== undefined && !mayEdit(request.user, post)) {
    throw forbidden('rest_cannot_edit', request.user, 'Sorry, you are not allowed to edit this post.');
  }
  const seal = hash('sha256', write.sent, 'hex');
  if (post !== undefined && isDone(request, post, contentId, seal)) {
    return reply({ created: false, item: contentItem(site, post), notes: [] });
  }
  checkExpected(request, post, write, isEditedSince(request, post, write, contentId));
  checkRights(request, write, post);
  return site.outbox.during(write.operation, () => {
    const stored = store(request, write, post, contentId);
    const notes = saveExtras(request, stored, write);
    const item = contentItem(site, stored);
    site.seals.set(contentId, { seal, hash: item.hash });
    const created = post === undefined;
    return reply({ created, item, notes }, created ? 201 : 200);
  });
}

function targetOf(
  { site }: ItemsRequest,
  { id, type }: ItemWrite,
  contentId: number,
): SimulatedPost | undefined {
  const post = id === null ? site.state.posts.find((each) => each.contentId === contentId) : site.post(id);
  return post?.type === type && post.status !== 'auto-draft' ? post : undefined;
}

/** The same write again, as its answer was lost, and nothing has changed since. */
function isDone({ site }: ItemsRequest, post: SimulatedPost, contentId: number, seal: string): boolean {
  const known = site.seals.get(contentId);
  return post.contentId === contentId && known?.seal === seal && known.hash === contentHash(site, post);
}

/** Was it made by a try whose answer was lost, and then edited by someone else? */
function isEditedSince(
  { site }: ItemsRequest,
  post: SimulatedPost | undefined,
  { id, expected }: ItemWrite,
  contentId: number,
): boolean {
  const known = site.seals.get(contentId);
  // One in the trash is wanted back.
  if (post === undefined || post.status === 'trash' || known === undefined) return false;
  return id === null && expected === null && known.hash !== contentHash(site, post);
}

/** Throws WpError `sitebridge_conflict`, with the item as it is now. */
function checkExpected(
  { site }: ItemsRequest,
  post: SimulatedPost | undefined,
  { id, expected }: ItemWrite,
  editedSince: boolean,
): void {
  const differs =
    editedSince ||
    (post === undefined
      ? id !== null || expected !== null
      : expected !== null && (post.status === 'trash' || contentHash(site, post) !== expected));
  if (!differs) return;
  throw new WpError('sitebridge_conflict', 409, 'The content is not any more what the server expects.', {
    item: post === undefined ? null : contentItem(site, post),
  });
}

function checkRights(
  { site, user }: ItemsRequest,
  { type, changes }: ItemWrite,
  post: SimulatedPost | undefined,
): void {
  if (post === undefined && !mayCreate(user, type)) {
    throw forbidden('rest_cannot_create', user, 'Sorry, you are not allowed to create posts as this user.');
  }
  if (changes.status !== undefined && changes.status !== post?.status)
    checkStatus(changes.status, type, user);
  if (changes.parent !== undefined) checkParentPost(site, changes.parent);
  const { author } = changes;
  if (author === undefined || author === (post?.author ?? user?.id)) return;
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
  { type, changes }: ItemWrite,
  post: SimulatedPost | undefined,
  contentId: number,
): SimulatedPost {
  const stored = post ?? insertPost(site, type, changes, user);
  if (stored.contentId !== contentId) {
    const before = site.state.posts.find((each) => each.contentId === contentId);
    if (before !== undefined) delete before.contentId;
    stored.contentId = contentId;
  }
  if (post !== undefined) {
    // The server wants it whatever it is now, and there must be no second one beside it.
    if (post.status === 'trash') updatePost(site, post, { status: 'draft' }, user);
    updatePost(site, post, withoutSame(post, changes), user);
  }
  return stored;
}

/** A draft that floats keeps doing so where its date comes back as it was shown. */
function withoutSame(post: SimulatedPost, changes: PostChanges): PostChanges {
  const { dateGmt, ...others } = changes;
  return dateGmt === undefined || dateGmt === post.date_gmt ? others : changes;
}
