import { hash } from 'node:crypto';
import { builtWith } from '../builders.ts';
import { forbidden, mayCreate, mayEdit, mayEditOthers } from '../core/access.ts';
import { type RestAnswer, reply, WpError } from '../core/restAnswer.ts';
import { insertPost, type PostChanges, updatePost } from '../core/savePost.ts';
import { checkParentPost, checkStatus } from '../core/writePost.ts';
import type { SimulatedSite } from '../site.ts';
import type { SimulatedPost } from '../state.ts';
import { contentHash, contentItem } from './contentItem.ts';
import { saveExtras } from './itemExtras.ts';
import { type ItemWrite, readItemWrite } from './itemWrite.ts';
import { keyOf, knowsKeys, type Link, linkByNumber } from './links.ts';
import type { ItemsRequest } from './readItems.ts';

/**
 * `POST sitebridge/v1/items/{key}`, and for older servers `PUT …/{number}`: creates or updates the one post
 * of a content. Throws WpError.
 */
export function putItem(request: ItemsRequest, link: Link): RestAnswer {
  const { site } = request;
  const write = readItemWrite(request, link.byKey);
  const own = contentPost(link.post(), write.type);
  const post = write.id === null ? own : contentPost(site.post(write.id), write.type);
  if (post !== undefined && !mayEdit(request.user, post)) {
    throw forbidden('rest_cannot_edit', request.user, 'Sorry, you are not allowed to edit this post.');
  }
  if (link.byKey) site.connector?.servers.operations.set(site.connector.servers.current, write.operation);
  const seal = hash('sha256', write.sent, 'hex');
  if (post !== undefined && isDone(request, post, own, link, seal)) {
    return reply({ created: false, item: contentItem(site, post), notes: [] });
  }
  if (write.id !== null) checkUpdate(request, link, own, post, write);
  else if (link.byKey || isSafe(site)) checkCreate(request, link, post, write);
  else checkOldCreate(request, link, post, write);
  if (write.id !== null && post !== undefined && !write.despiteEditor) checkEditor(request, post);
  const kept = post === undefined ? [] : withoutBody(post, write.changes);
  checkRights(request, write, post);
  return site.outbox.during(write.operation, () => {
    const stored = store(request, write, post, link);
    const notes = [...kept, ...saveExtras(request, stored, write)];
    const item = contentItem(site, stored);
    site.seals.set(link.name, { seal, hash: item.hash });
    const created = post === undefined;
    return reply({ created, item, notes }, created ? 201 : 200);
  });
}

/** How long WordPress counts the lock of an editor that is not renewed. Seconds. */
const LOCKED_S = 150;

/** Throws WpError while a person edits the post, who may be the user that requests act as. */
function checkEditor({ site }: ItemsRequest, { protectedMeta = {} }: SimulatedPost): void {
  const [since = 0, id = 0] = (protectedMeta._edit_lock ?? '').split(':').map(Number);
  const editor = site.state.users.find((each) => each.id === id);
  if (editor === undefined || since <= site.clock.now() / 1_000 - LOCKED_S) return;
  throw new WpError('sitebridge_being_edited', 423, `${editor.login} is editing this post.`, {
    user: editor.login,
  });
}

/** Takes the body out of the changes of a post that a page builder shows. Returns a note if that changes something. */
function withoutBody(post: SimulatedPost, changes: PostChanges): { code: string; message: string }[] {
  const builder = builtWith(post);
  const { content } = changes;
  if (builder === null || content === undefined) return [];
  delete changes.content;
  const note = { code: `built_with_${builder}`, message: 'The content was not written.' };
  return content === post.content ? [] : [note];
}

function isSafe({ connector }: SimulatedSite): boolean {
  return connector !== null && knowsKeys(connector);
}

function contentPost(post: SimulatedPost | undefined, type: string): SimulatedPost | undefined {
  return post?.type === type && post.status !== 'auto-draft' ? post : undefined;
}

/** Whether this write is a retry after a lost response: it was done, and the post has not changed since. */
function isDone(
  { site }: ItemsRequest,
  post: SimulatedPost,
  own: SimulatedPost | undefined,
  { name }: Link,
  seal: string,
): boolean {
  const known = site.seals.get(name);
  return post === own && known?.seal === seal && known.hash === contentHash(site, post);
}

/** Throws WpError when the post belongs to another content, is missing, or has not the expected hash. */
function checkUpdate(
  { site }: ItemsRequest,
  link: Link,
  own: SimulatedPost | undefined,
  post: SimulatedPost | undefined,
  { id, expected }: ItemWrite,
): void {
  const owner = post === undefined ? null : link.otherOwner(post);
  const isElsewhere = own !== undefined && own !== post;
  if (owner !== null || (isElsewhere && isSafe(site))) {
    const item = post === undefined ? null : contentItem(site, post);
    if (!link.byKey) throw conflict(site, post);
    throw new WpError('sitebridge_link_mismatch', 409, 'The post is another content of the server.', {
      post_id: id,
      key: owner,
      other_post_id: isElsewhere ? own.id : null,
      item,
    });
  }
  const differs =
    expected === null
      ? !link.byKey && isSafe(site) && post !== undefined && keyOf(site, post) !== null
      : post?.status === 'trash' || hashOf(site, post) !== expected;
  if (post === undefined || differs) throw conflict(site, post);
}

/** Throws WpError when the content has a post already, because a create never overwrites a post. */
function checkCreate(
  { site }: ItemsRequest,
  { byKey }: Link,
  post: SimulatedPost | undefined,
  { type, expected, legacyId }: ItemWrite,
): void {
  if (post !== undefined) throw conflict(site, post, byKey ? 'sitebridge_already_there' : undefined);
  if (expected !== null) throw conflict(site, undefined);
  const older = legacyId === null ? undefined : contentPost(linkByNumber(site, legacyId).post(), type);
  if (older !== undefined && keyOf(site, older) === null)
    throw conflict(site, older, 'sitebridge_already_there');
}

/**
 * The check of connectors before 0.4.0: a create overwrites the post with the content's number, unless the
 * post was edited since the last write. Throws WpError.
 */
function checkOldCreate(
  { site }: ItemsRequest,
  { name }: Link,
  post: SimulatedPost | undefined,
  { expected }: ItemWrite,
): void {
  const known = site.seals.get(name);
  const editedSince =
    post !== undefined &&
    post.status !== 'trash' &&
    known !== undefined &&
    known.hash !== contentHash(site, post);
  const differs =
    expected === null
      ? editedSince
      : post === undefined || post.status === 'trash' || hashOf(site, post) !== expected;
  if (differs) throw conflict(site, post);
}

function hashOf(site: SimulatedSite, post: SimulatedPost | undefined): string | null {
  return post === undefined ? null : contentHash(site, post);
}

/** The error for a write that was not carried out. It contains the current item. */
function conflict(
  site: SimulatedSite,
  post: SimulatedPost | undefined,
  code = 'sitebridge_conflict',
): WpError {
  return new WpError(code, 409, 'The content is not any more what the server expects.', {
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
  link: Link,
): SimulatedPost {
  const stored = post ?? insertPost(site, type, changes, user);
  link.adopt(stored);
  if (post !== undefined) {
    // The server wants the post to exist, and must not create a second one. So the post leaves the trash.
    if (post.status === 'trash') updatePost(site, post, { status: 'draft' }, user);
    updatePost(site, post, withoutSame(post, changes), user);
  }
  return stored;
}

/** Removes an unchanged date from the changes, so that a draft without a fixed date stays without one. */
function withoutSame(post: SimulatedPost, changes: PostChanges): PostChanges {
  const { dateGmt, ...others } = changes;
  return dateGmt === undefined || dateGmt === post.date_gmt ? others : changes;
}
