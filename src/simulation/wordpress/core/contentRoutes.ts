import type { SimulatedSite } from '../site.ts';
import { collectionOf, type SimulatedType, type SimulatedUser } from '../state.ts';
import { type Upload, uploadMedia } from './media.ts';
import type { Parameters } from './parameters.ts';
import { listPosts, type PostRequest, readPost, removePost } from './posts.ts';
import type { RestAnswer } from './restAnswer.ts';
import { changeTerm, createTerm, listTerms, readTerm, removeTerm, type TermRequest } from './terms.ts';
import { changePost, createPost } from './writePost.ts';

/** A signed-in request to a REST route, which may be part of a batch. */
export interface RouteRequest {
  site: SimulatedSite;
  method: string;
  route: string;
  parameters: Parameters;
  user: SimulatedUser | null;
  /** The body when it is an uploaded file. Null when it contains parameters. */
  upload: Upload | null;
}

/** The response of a route about posts, media or terms. Null when the route does not exist. */
export function answerContent(request: RouteRequest): RestAnswer | null {
  const { site, route, parameters, user } = request;
  const { collection, id } = placeOf(route);
  const type = slugOf(site.state.postTypes, collection);
  if (type !== null) {
    const posts = { site, type, parameters, user };
    return id === undefined ? answerPosts(request, posts) : answerPost(request.method, posts, Number(id));
  }
  const taxonomy = slugOf(site.state.taxonomies, collection);
  if (taxonomy === null) return null;
  const terms = { site, taxonomy, parameters, user };
  return id === undefined
    ? answerTerms(request.method, terms)
    : answerTerm(request.method, terms, Number(id));
}

/**
 * Whether a route may be used in batches: posts and terms yes, media no. Null when the route does not exist.
 */
export function takesBatches(site: SimulatedSite, route: string): boolean | null {
  const { collection } = placeOf(route);
  const type = slugOf(site.state.postTypes, collection);
  if (type !== null) return type !== 'attachment';
  return slugOf(site.state.taxonomies, collection) === null ? null : true;
}

function answerPosts({ method, upload }: RouteRequest, posts: PostRequest): RestAnswer | null {
  if (method === 'GET') return listPosts(posts);
  if (method !== 'POST') return null;
  if (posts.type !== 'attachment') return createPost(posts);
  return uploadMedia(posts, upload ?? { headers: {}, body: Buffer.alloc(0) });
}

function answerPost(method: string, posts: PostRequest, id: number): RestAnswer | null {
  if (method === 'GET') return readPost(posts, id);
  if (method === 'DELETE') return removePost(posts, id);
  return isUpdate(method) ? changePost(posts, id) : null;
}

function answerTerms(method: string, terms: TermRequest): RestAnswer | null {
  if (method === 'GET') return listTerms(terms);
  return method === 'POST' ? createTerm(terms) : null;
}

function answerTerm(method: string, terms: TermRequest, id: number): RestAnswer | null {
  if (method === 'GET') return readTerm(terms, id);
  if (method === 'DELETE') return removeTerm(terms, id);
  return isUpdate(method) ? changeTerm(terms, id) : null;
}

/** WP_REST_Server::EDITABLE */
function isUpdate(method: string): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH';
}

/** Splits a route: `/wp/v2/posts/7` is item 7 of the collection `wp/v2/posts`. */
function placeOf(route: string): { collection: string | undefined; id: string | undefined } {
  const [, collection, id] = /^\/([\w-]+\/[\w-]+\/[\w-]+)(?:\/(\d+))?$/.exec(route) ?? [];
  return { collection, id };
}

function slugOf(types: Record<string, SimulatedType>, collection: string | undefined): string | null {
  return Object.entries(types).find(([, type]) => collectionOf(type) === collection)?.[0] ?? null;
}
