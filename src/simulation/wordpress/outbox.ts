import { randomUUID } from 'node:crypto';
import type { SimulatedPost, SimulatedState, SimulatedTerm } from './state.ts';

export type PostTopic = 'status' | 'metadata';
export type Topic = PostTopic | 'terms' | 'site';

/** Makes the JSON of the plugin's webhooks. `operation` is an `Operation` other than null. */
export interface PluginMessages {
  /** The message about the current state of a post. */
  changed(topic: PostTopic, post: SimulatedPost, operation: string, pictureGone: boolean): string;
  deleted(post: SimulatedPost, operation: string): string;
  /** The message about a term. `was` is its slug before the change, '' for a new term. */
  term(term: SimulatedTerm, was: string): string;
  termDeleted(term: SimulatedTerm, instead: SimulatedTerm | undefined): string;
  site(postsChanged: boolean): string;
}

/** A webhook that waits to be sent. */
export interface WaitingWebhook {
  /** The `webhook-id`, which is the same in every attempt. */
  id: string;
  topic: Topic;
  /** The body of the webhook. It describes the post at the end of the request that changed it. */
  body: string;
}

/**
 * Who makes a change: '' for a person, the id of the server's operation, or null for a server without one.
 */
export type Operation = string | null;

/** The changes of one request. */
interface Notes {
  /** For each post the topics to send, each topic once. */
  posts: Map<SimulatedPost, Set<PostTopic>>;
  /** Posts that lost their featured image. */
  withoutPicture: Set<SimulatedPost>;
  /** For each changed term its slug before the request. */
  terms: Map<SimulatedTerm, string>;
  /** Whether the site itself has changed, and with `posts` many posts at once. */
  site: 'posts' | 'settings' | null;
}

const noNotes = (): Notes => ({ posts: new Map(), withoutPicture: new Set(), terms: new Map(), site: null });

/** The connector's outbox. Collects the changes of a request and queues their webhooks at its end. */
export class Outbox {
  readonly waiting: WaitingWebhook[] = [];
  readonly #state: SimulatedState;
  readonly #messages: PluginMessages;
  #notes = noNotes();
  #operation: Operation = '';

  constructor(state: SimulatedState, messages: PluginMessages) {
    this.#state = state;
    this.#messages = messages;
  }

  get first(): WaitingWebhook | undefined {
    return this.waiting[0];
  }

  remove(webhook: WaitingWebhook): void {
    const at = this.waiting.indexOf(webhook);
    if (at !== -1) this.waiting.splice(at, 1);
  }

  /** Does `work` as one request, or as a part of a request with a separate operation. */
  during<T>(operation: Operation, work: () => T): T {
    const outer = { notes: this.#notes, operation: this.#operation };
    this.#notes = noNotes();
    this.#operation = operation;
    try {
      return work();
    } finally {
      this.#complete();
      this.#notes = outer.notes;
      this.#operation = outer.operation;
    }
  }

  /** Records a change that is made during a request. */
  note(post: SimulatedPost, topic: PostTopic): void {
    if (!this.#tellsOf(post)) return;
    const topics = this.#notes.posts.get(post) ?? new Set();
    this.#notes.posts.set(post, topics.add(topic));
  }

  /** Records that a post lost its featured image. Its next message says so. */
  notePictureGone(post: SimulatedPost): void {
    if (!this.tellsOfTerms) return;
    this.#notes.withoutPicture.add(post);
    this.note(post, 'metadata');
  }

  /** Does the plugin tell of terms? It does since version 0.6.0. */
  get tellsOfTerms(): boolean {
    return this.#isConnected && !/^0\.[0-5]\./.test(this.#state.connector?.version ?? '');
  }

  /** Records that a term was changed. `was` is its slug before the change, '' for a new term. */
  noteTerm(term: SimulatedTerm, was: string): void {
    if (!this.tellsOfTerms || !this.#isShown(term)) return;
    // The server learns a new term of a flat taxonomy with the contents that hold it.
    if (was === '' && this.#state.taxonomies[term.taxonomy]?.hierarchical !== true) return;
    if (!this.#notes.terms.has(term)) this.#notes.terms.set(term, was);
  }

  /** Records that a term was deleted, and the term that posts got instead. */
  noteTermDeleted(term: SimulatedTerm, instead: SimulatedTerm | undefined): void {
    this.#notes.terms.delete(term);
    if (this.tellsOfTerms && this.#isShown(term) && this.#operation !== null)
      this.#add('terms', this.#messages.termDeleted(term, instead));
  }

  /** Records that a setting of the site, or many posts at once, were changed. */
  noteSite(what: 'posts' | 'settings'): void {
    if (this.tellsOfTerms && this.#notes.site !== 'posts') this.#notes.site = what;
  }

  /**
   * Records that a post was deleted. The webhook about the deletion replaces all other changes of the post.
   */
  noteDeleted(post: SimulatedPost): void {
    this.#notes.posts.delete(post);
    if (this.#tellsOf(post) && this.#operation !== null) {
      this.#add('status', this.#messages.deleted(post, this.#operation));
    }
  }

  #tellsOf(post: SimulatedPost): boolean {
    const { postTypes } = this.#state;
    const told = postTypes[post.type] !== undefined && postTypes[post.type]?.internal !== true;
    return this.#isConnected && told && post.status !== 'auto-draft' && post.status !== 'inherit';
  }

  get #isConnected(): boolean {
    const { connector } = this.#state;
    return connector !== null && connector.siteKey !== '';
  }

  #isShown({ taxonomy }: SimulatedTerm): boolean {
    const { taxonomies } = this.#state;
    return taxonomies[taxonomy] !== undefined && taxonomies[taxonomy]?.internal !== true;
  }

  #complete(): void {
    const operation = this.#operation;
    if (operation === null) return;
    for (const [term, was] of this.#notes.terms) this.#add('terms', this.#messages.term(term, was));
    if (this.#notes.site !== null) this.#add('site', this.#messages.site(this.#notes.site === 'posts'));
    for (const [post, topics] of this.#notes.posts) {
      for (const topic of topics) {
        // WordPress adds a suffix to a trashed post's slug, which no server should store. So only the status
        // is sent.
        if (topic === 'metadata' && post.status === 'trash') continue;
        const pictureGone = this.#notes.withoutPicture.has(post);
        this.#add(topic, this.#messages.changed(topic, post, operation, pictureGone));
      }
    }
  }

  #add(topic: Topic, body: string): void {
    this.waiting.push({ id: `msg_${randomUUID()}`, topic, body });
  }
}
