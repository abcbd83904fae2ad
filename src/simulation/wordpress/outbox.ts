import { randomUUID } from 'node:crypto';
import type { SimulatedPost, SimulatedState } from './state.ts';

export type Topic = 'status' | 'metadata';

/** Makes the JSON of the plugin's webhooks about posts. `operation` is an `Operation` other than null. */
export interface PostMessages {
  /** The message about the current state of a post. */
  changed(topic: Topic, post: SimulatedPost, operation: string): string;
  deleted(post: SimulatedPost, operation: string): string;
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

/** The changes of one request: for each post the topics to send, each topic once. */
type Notes = Map<SimulatedPost, Set<Topic>>;

/** The connector's outbox. Collects the changes of a request and queues their webhooks at its end. */
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

  /** Does `work` as one request, or as a part of a request with a separate operation. */
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

  /** Records a change that is made during a request. */
  note(post: SimulatedPost, topic: Topic): void {
    if (!this.#tellsOf(post)) return;
    const topics = this.#notes.get(post) ?? new Set();
    this.#notes.set(post, topics.add(topic));
  }

  /**
   * Records that a post was deleted. The webhook about the deletion replaces all other changes of the post.
   */
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
        // WordPress adds a suffix to a trashed post's slug, which no server should store. So only the status
        // is sent.
        if (topic === 'metadata' && post.status === 'trash') continue;
        this.#add(topic, this.#messages.changed(topic, post, operation));
      }
    }
  }

  #add(topic: Topic, body: string): void {
    this.waiting.push({ id: `msg_${randomUUID()}`, topic, body });
  }
}
