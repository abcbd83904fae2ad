import {
  countHeaders,
  givenItems,
  inForcedOrder,
  isLeftOut,
  largestPage,
  sizeOfPage,
} from '../crookedLists.ts';
import type { SimulatedSite } from '../site.ts';
import type { SimulatedPost, SimulatedUser } from '../state.ts';
import { forbidden, mayDelete, mayEdit, mayEditType, mayRead } from './access.ts';
import { asksFor } from './fields.ts';
import { inPages } from './pages.ts';
import type { Parameters } from './parameters.ts';
import { findPosts, readPostQuery } from './postQuery.ts';
import { type RestAnswer, reply, WpError } from './restAnswer.ts';
import { deletePost, trashPost } from './savePost.ts';
import { embeddedTerms, type Showing, shownPost } from './shownPost.ts';

/** A request to a route about posts. */
export interface PostRequest {
  site: SimulatedSite;
  type: string;
  parameters: Parameters;
  user: SimulatedUser | null;
}

/** WP_REST_Posts_Controller::get_items() */
export function listPosts(request: PostRequest): RestAnswer {
  const { site, type, parameters, user } = request;
  const query = readPostQuery(site, type, parameters, user);
  const page = inPages(parameters, largestPage(site));
  parameters.check();
  const size = sizeOfPage(site, page.size);
  const edit = parameters.text('context') === 'edit';
  if (edit && !mayEditType(user, type)) {
    throw forbidden(
      'rest_forbidden_context',
      user,
      'Sorry, you are not allowed to edit posts in this post type.',
    );
  }
  const found = inForcedOrder(site, findPosts(site, type, query), ({ title }) => title);
  const pages = Math.ceil(found.length / size);
  if (page.number > pages && found.length > 0) {
    throw new WpError(
      'rest_post_invalid_page_number',
      400,
      'The page number requested is larger than the number of pages available.',
    );
  }
  // Posts that the user may not see are counted, but left out of their page, which is then shorter.
  const allowed = (post: SimulatedPost) => (edit ? mayEdit(user, post) : mayRead(site, user, post));
  const fields = parameters.text('_fields') ?? null;
  const showing = { edit, links: asksFor(fields, '_links') || asksFor(fields, '_embedded') };
  const part = found.slice(page.start, page.start + size);
  const items = givenItems(site, part.filter(allowed));
  // WordPress does not count behind the end of a list (WP_Query::set_found_posts).
  const total = part.length === 0 ? 0 : found.length;
  return reply(
    items.map((post) => ({
      ...shownPost(site, post, showing),
      ...(asksFor(fields, '_links') ? embedded(request, post) : {}),
    })),
    200,
    countHeaders(site, total, size),
  );
}

/**
 * WP_REST_Posts_Controller::get_item(). As there, the checks are in this order: the post exists with this
 * type, the user may edit it, the user may read it. Throws WpError.
 */
export function readPost(request: PostRequest, id: number): RestAnswer {
  const { site, parameters, user } = request;
  const post = postOf(request, id);
  const edit = parameters.text('context') === 'edit';
  if (edit && !mayEdit(user, post)) {
    throw forbidden('rest_forbidden_context', user, 'Sorry, you are not allowed to edit this post.');
  }
  if (!mayRead(site, user, post)) {
    throw forbidden('rest_forbidden', user, 'Sorry, you are not allowed to do that.');
  }
  return reply(single(request, post, edit));
}

/** WP_REST_Posts_Controller::delete_item() */
export function removePost(request: PostRequest, id: number): RestAnswer {
  const { site, type, parameters, user } = request;
  const post = postOf(request, id);
  if (!mayDelete(user, post)) {
    throw forbidden('rest_cannot_delete', user, 'Sorry, you are not allowed to delete this post.');
  }
  if (parameters.flag('force')) {
    const previous = shownPost(site, post, { edit: true, links: false });
    deletePost(site, post);
    return reply({ deleted: true, previous });
  }
  if (type === 'attachment') {
    throw new WpError(
      'rest_trash_not_supported',
      501,
      "The post does not support trashing. Set 'force=true' to delete.",
    );
  }
  if (post.status === 'trash') {
    throw new WpError('rest_already_trashed', 410, 'The post has already been deleted.');
  }
  trashPost(site, post, user);
  return reply(single(request, post, true));
}

/** Throws WpError `rest_post_invalid_id`. */
export function postOf({ site, type }: PostRequest, id: number): SimulatedPost {
  const post = site.post(id);
  const isClosed = site.has('items_closed') && isLeftOut({ id });
  if (post?.type === type && !isClosed) return post;
  throw new WpError('rest_post_invalid_id', 404, 'Invalid post ID.');
}

/** One post as a response. When the request asks for any link, all links are included. */
export function single(request: PostRequest, post: SimulatedPost, edit: boolean) {
  const fields = request.parameters.text('_fields') ?? null;
  const showing: Showing = { edit, links: asksFor(fields, '_links') || asksFor(fields, '_embedded') };
  return { ...shownPost(request.site, post, showing), ...(showing.links ? embedded(request, post) : {}) };
}

function embedded({ site, parameters }: PostRequest, post: SimulatedPost) {
  const asked = parameters.texts('_embed') ?? [];
  const taxonomies = site.state.postTypes[post.type]?.related ?? [];
  return asked.includes('wp:term') && taxonomies.length > 0
    ? { _embedded: { 'wp:term': embeddedTerms(site, post) } }
    : {};
}
