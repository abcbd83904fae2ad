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

  /** Sets protected meta, as page builders do, without a change of `modified_gmt`. */
  setProtectedMeta(postId: number, meta: Readonly<Record<string, string>>): SimulatedPost {
    return this.#change(postId, (post) => {
      post.protectedMeta = { ...post.protectedMeta, ...meta };
    });
  }

  /** Opens a post in the block editor, or keeps it open. WordPress notes who edits it, and since when. */
  open(postId: number, user: SimulatedUser = this.#user): SimulatedPost {
    const seconds = Math.floor(this.#site.clock.now() / 1_000);
    return this.setProtectedMeta(postId, { _edit_lock: `${seconds}:${user.id}` });
  }

  /** Closes the editor of a post. */
  close(postId: number): SimulatedPost {
    return this.setProtectedMeta(postId, { _edit_lock: '' });
  }

  createTerm(taxonomy: string, changes: TermChanges & { name: string }): SimulatedTerm {
    return this.#request(() => insertTerm(this.#site, taxonomy, changes));
  }

  /** Changes a term, as wp_update_term() does, without a change of the posts that have it. */
  editTerm(termId: number, changes: TermChanges): SimulatedTerm {
    const term = this.#term(termId);
    this.#request(() => updateTerm(this.#site, term, changes));
    return term;
  }

  /** Deletes a term, which its posts lose without a change of `modified_gmt`. */
  deleteTerm(termId: number): void {
    this.#request(() => deleteTerm(this.#site, this.#term(termId)));
  }

  /** Changes the title of the site. */
  renameSite(name: string): void {
    this.#request(() => {
      this.#site.state.name = name;
      this.#site.outbox.noteSite('settings');
    });
  }

  /**
   * Deletes a picture from the library. wp_delete_attachment() removes it from all posts whose featured image it is,
   * without a change of `modified_gmt`.
   */
  deletePicture(id: number): void {
    const { outbox, state } = this.#site;
    this.#change(id, (picture) => {
      const posts = state.posts.filter((post) => post.featured_media === id);
      deletePost(this.#site, picture);
      for (const post of posts) post.featured_media = 0;
      // The connector names the posts of a small change only.
      if (posts.length > 100) outbox.noteSite('posts');
      else for (const post of posts) outbox.notePictureGone(post);
    });
  }

  /** Deletes a user. wp_delete_user() gives the posts to another author, without a change of `modified_gmt`. */
  deleteUser(userId: number, reassign: number): void {
    const { outbox, state } = this.#site;
    this.#request(() => {
      const posts = state.posts.filter(({ author }) => author === userId);
      for (const post of posts) post.author = reassign;
      state.users = state.users.filter(({ id }) => id !== userId);
      if (posts.length > 0) outbox.noteSite('posts');
    });
  }

  /** Saves the screen of permalinks. */
  setPermalinks(structure: string): void {
    this.#request(() => {
      this.#site.state.permalinkStructure = structure;
      this.#site.outbox.noteSite('settings');
    });
  }

  /** Replaces a text in all posts in the database, as tools for a move of a site do. No plugin notices it. */
  replaceByQuery(from: string, to: string): void {
    for (const post of this.#site.state.posts) post.content = post.content.replaceAll(from, to);
  }

  #term(id: number): SimulatedTerm {
    const term = this.#site.term(id);
    if (term === undefined) throw new Error(`The simulated site has no term ${id}.`);
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
