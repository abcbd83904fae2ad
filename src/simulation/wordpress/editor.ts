import { setMeta } from './core/meta.ts';
import { WpError } from './core/restAnswer.ts';
import {
  deletePost,
  insertPost,
  type PostChanges,
  trashPost,
  untrashPost,
  updatePost,
} from './core/savePost.ts';
import { deleteTerm, insertTerm, setTerms, type TermChanges, updateTerm } from './core/saveTerm.ts';
import type { SimulatedSite } from './site.ts';
import type { MetaValue, SimulatedPost, SimulatedTerm, SimulatedUser } from './state.ts';

/**
 * A person who works in wp-admin. Each call is a separate request: it dates changes by the site's clock, and
 * the connector queues the webhooks at its end. Every method throws when the post does not exist.
 */
export class SiteEditor {
  readonly #site: SimulatedSite;
  readonly #user: SimulatedUser;

  constructor(site: SimulatedSite, user: SimulatedUser) {
    this.#site = site;
    this.#user = user;
  }

  /** Creates a post. Without a status it is a draft. */
  create(type: string, changes: PostChanges): SimulatedPost {
    return this.#request(() => insertPost(this.#site, type, changes, this.#user));
  }

  /** Saves a post and sets `modified_gmt` to now, even when nothing changed. */
  edit(postId: number, changes: PostChanges): SimulatedPost {
    return this.#change(postId, (post) => updatePost(this.#site, post, changes, this.#user));
  }

  /** Schedules a post, which its site publishes when its time has come. */
  schedule(postId: number, hours: number): SimulatedPost {
    const dateGmt = new Date(this.#site.clock.now() + hours * 3_600_000).toISOString().slice(0, 19);
    return this.edit(postId, { status: 'future', dateGmt });
  }

  /**
   * Publishes a scheduled post, as WP-Cron does with wp_publish_post(), without a change of `modified_gmt`. A
   * change of the status alone tells the connector.
   */
  publishScheduled(postId: number): SimulatedPost {
    return this.#change(postId, (post) => {
      post.status = 'publish';
      this.#site.outbox.note(post, 'status');
    });
  }

  trash(postId: number): SimulatedPost {
    return this.#change(postId, (post) => trashPost(this.#site, post, this.#user));
  }

  /** Restores a post from the trash, with its former status and slug. */
  untrash(postId: number): SimulatedPost {
    return this.#change(postId, (post) => untrashPost(this.#site, post, this.#user));
  }

  /** Deletes a post permanently. */
  delete(postId: number): void {
    this.#change(postId, (post) => deletePost(this.#site, post));
  }

  /** Sets the terms of a post in one taxonomy, as bulk tools do, without a change of `modified_gmt`. */
  setTerms(postId: number, taxonomy: string, termIds: readonly number[]): SimulatedPost {
    return this.#change(postId, (post) => setTerms(this.#site, post, taxonomy, termIds));
  }

  /**
   * Sets meta that is registered for REST, as update_post_meta() does, without a change of `modified_gmt`.
   */
  setMeta(postId: number, meta: Readonly<Record<string, MetaValue>>): SimulatedPost {
    return this.#change(postId, (post) => setMeta(this.#site, post, meta));
  }

  createTerm(taxonomy: string, changes: TermChanges & { name: string }): SimulatedTerm {
    return this.#request(() => insertTerm(this.#site, taxonomy, changes));
  }

  /** Saves a term, as the screen of its taxonomy does. No post is saved. */
  editTerm(termId: number, changes: TermChanges): void {
    this.#request(() => updateTerm(this.#site, this.#term(termId), changes));
  }

  /** Deletes a term, which its posts lose without a change of `modified_gmt`. */
  deleteTerm(termId: number): void {
    this.#request(() => deleteTerm(this.#site, this.#term(termId)));
  }

  /** wp_delete_user(): the posts of the user get another author, without a change of `modified_gmt`. */
  deleteUser(userId: number, heir: number): void {
    const { state } = this.#site;
    for (const post of state.posts) if (post.author === userId) post.author = heir;
    state.users = state.users.filter(({ id }) => id !== userId);
  }

  /** wp_delete_attachment(): posts lose the picture, without a change of `modified_gmt`. */
  deletePicture(attachmentId: number): void {
    const { posts } = this.#site.state;
    for (const post of posts) if (post.featured_media === attachmentId) delete post.featured_media;
    const at = posts.findIndex(({ id }) => id === attachmentId);
    if (at >= 0) posts.splice(at, 1);
  }

  /** Saves the screen of permalinks. */
  setPermalinks(structure: string): void {
    this.#site.state.permalinkStructure = structure;
  }

  /** Replaces a text in all posts in the database, as tools for a move of a site do. */
  replaceByQuery(from: string, to: string): void {
    for (const post of this.#site.state.posts) post.content = post.content.replaceAll(from, to);
  }

  #term(termId: number): SimulatedTerm {
    const term = this.#site.term(termId);
    if (term === undefined) throw new Error(`The simulated site has no term ${termId}.`);
    return term;
  }

  #change(postId: number, change: (post: SimulatedPost) => void): SimulatedPost {
    const post = this.#site.existing(postId);
    this.#request(() => change(post));
    return post;
  }

  #request<T>(work: () => T): T {
    try {
      return this.#site.outbox.during('', work);
    } catch (error) {
      if (error instanceof WpError) throw new Error(`WordPress refuses: ${error.message}`, { cause: error });
      throw error;
    }
  }
}
