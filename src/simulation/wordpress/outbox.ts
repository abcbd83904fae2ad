import { randomUUID } from 'node:crypto';
import type { SimulatedPost, SimulatedState } from './state.ts';

export type Topic = 'status' | 'metadata';

/** What the plugin tells of a post, as JSON; `operation` as in `Operation`, where there is something to tell. */
export interface PostMessages {
  /** Of a post as it is now. */
  changed(topic: Topic, post: SimulatedPost, operation: string): string;
  deleted(post: SimulatedPost, operation: string): string;
}

/** A webhook that waits for being sent. */
export interface WaitingWebhook {
  /** Its `webhook-id`: the same at every attempt. */
  id: string;
  topic: Topic;
  /** As it is sent: the post as it was when the request that changed it ended. */
  body: string;
}

/** Who makes a change: '' a person, the id of the server's operation, or null: the server without naming one. */
export type Operation = string | null;

/** One request's changes: for each post what is to be told, once however often it changes. */
type Notes = Map<SimulatedPost, Set<Topic>>;

/** The connector's outbox: collects what a request changes, and has a message of each when the request ends. */
export class Outbox {
  readonly waiting: WaitingWebhook[] = [];
  readonly #state: SimulatedState;
  readonly #messages: PostMessages;
  #notes: Notes = new Map();
  #operation: Operation = '';

  constructor(state: SimulatedState, messages: PostMessages) {
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

  /** Does `work` as one request, or as a part of one that has an operation of its own. */
  during<T>(operation: Operation, work: () => T): T {
    const outer = { notes: this.#notes, operation: this.#operation };
    this.#notes = new Map();
    this.#operation = operation;
    try {
      return work();
    } finally {
      this.#complete();
      this.#notes = outer.notes;
      this.#operation = outer.operation;
    }
  }

  /** Notes a change that is made `during` a request. */
  note(post: SimulatedPost, topic: Topic): void {
    if (!this.#tellsOf(post)) return;
    const topics = this.#notes.get(post) ?? new Set();
    this.#notes.set(post, topics.add(topic));
  }

  /** A post is gone: that is all there is to tell of it. */
  noteDeleted(post: SimulatedPost): void {
    this.#notes.delete(post);
    if (this.#tellsOf(post) && this.#operation !== null) {
      this.#add('status', this.#messages.deleted(post, this.#operation));
    }
  }

  #tellsOf(post: SimulatedPost): boolean {
    const { connector, postTypes } = this.#state;
    const connected = connector !== null && connector.siteKey !== '';
    const told = postTypes[post.type] !== undefined && postTypes[post.type]?.internal !== true;
    return connected && told && post.status !== 'auto-draft' && post.status !== 'inherit';
  }

  #complete(): void {
    const operation = this.#operation;
    if (operation === null) return;
    for (const [post, topics] of this.#notes) {
      for (const topic of topics) {
        // Trashing adds to the slug what no server should take over; its status says it all.
        if (topic === 'metadata' && post.status === 'trash') continue;
        this.#add(topic, this.#messages.changed(topic, post, operation));
      }
    }
  }

  #add(topic: Topic, body: string): void {
    this.waiting.push({ id: `msg_${randomUUID()}`, topic, body });
  }
}
