import { z } from 'zod';
import { RemoteError } from '../../../errors.ts';
import type { JsonObject } from '../../connection.ts';
import type { Pace } from '../../contentPart.ts';
import type { ContentWrite, WriteOutcome } from '../../contentWrite.ts';
import type { ItemFault, RemoteContent } from '../../remoteContent.ts';
import type { AdminAnswer, AdminClient, Operation } from '../api/adminClient.ts';
import { globalId } from '../api/globalId.ts';
import { fault } from '../faults.ts';
import { asksToPublish, contentInput, note } from './contentInput.ts';
import type { ContentKind } from './contentKinds.ts';
import { findCreated, isOf, itemsByHandle, numberedHandles, wantedHandle } from './existingItem.ts';
import { changedBlog, Groupings } from './groupings.ts';
import type { ItemReader } from './itemReader.ts';
import { isTaken, type Mutated, readPayload, type UserErrors, userFault } from './mutationAnswer.ts';
import { MUTATIONS, PRICE_OF_PRODUCT, publishOperation, writeOperation } from './mutations.ts';
import { readItem } from './remoteItem.ts';

/**
 * Codes of faults that may concern one item only. Any other fault stops the whole write, unless it is
 * retryable.
 */
const OF_ONE_ITEM = new Set(['unexpected_answer', 'too_costly', 'too_large']);

/** How many free numbers behind a taken handle are tried, as others may take them meanwhile. */
const MORE_TRIES = 3;

/** Amounts are decimal numbers as texts. */
const priced = z.object({
  priceRangeV2: z.object({ minVariantPrice: z.object({ amount: z.string() }) }),
});

/** Writes contents to a shop, one mutation each. */
export class ContentWriter {
  readonly #client: AdminClient;
  readonly #pace: Pace;
  readonly #reader: ItemReader;
  readonly #groupings: Groupings;

  constructor(client: AdminClient, pace: Pace, reader: ItemReader) {
    this.#client = client;
    this.#pace = pace;
    this.#reader = reader;
    this.#groupings = new Groupings(reader);
  }

  /** Throws ExplainedFault for a fault of the whole shop, after all mutations have ended. */
  async write(kind: ContentKind, writes: readonly ContentWrite[]): Promise<WriteOutcome[]> {
    const settled = await Promise.allSettled(writes.map((write) => this.#writeOne(kind, write)));
    return settled.map((each) => {
      if (each.status === 'rejected') throw each.reason;
      return each.value;
    });
  }

  async #writeOne(kind: ContentKind, write: ContentWrite): Promise<WriteOutcome> {
    try {
      if (write.externalId !== null) return await this.#update(kind, write, write.externalId, write.onSite);
      const before = write.mayExist ? await findCreated(this.#reader, kind, write) : null;
      if (before !== null) return await this.#update(kind, write, before.externalId, before);
      return await this.#create(kind, write);
    } catch (error) {
      if (!(error instanceof RemoteError) || !(error.retryable || OF_ONE_ITEM.has(error.code))) throw error;
      const { code, message, retryable } = error;
      return failed({ externalId: write.externalId, code, message }, retryable);
    }
  }

  async #create(kind: ContentKind, write: ContentWrite): Promise<WriteOutcome> {
    // Prices are not written, so a new product would be sold for nothing.
    const mayPublish = kind.slug !== 'product' || !asksToPublish(write, null);
    const { input, media, online, notes } = contentInput(kind, write, null, { mayPublish });
    if (kind.slug === 'product') input.status ??= 'DRAFT';
    if (kind.slug === 'article') {
      const blog = await this.#groupings.blogFor(write, notes);
      if (blog === null)
        return failed(note(write, 'no_blog', 'The shop has no blog. Create one in Shopify.'), false);
      input.blogId = blog;
      input.author ??= { name: this.#reader.facts.name };
    }
    if (kind.slug === 'product') await this.#groupings.memberships(write, null, input, notes);
    const tries: (string | null)[] = [wantedHandle(write)];
    let errors: UserErrors = [];
    for (let tried = 0; tried < tries.length; tried += 1) {
      const handle = tries[tried] ?? null;
      const named = handle === null ? input : { ...input, handle };
      const mutated = await this.#mutate(kind, 'create', null, named, media, notes, write);
      errors = mutated.errors;
      if (errors.length === 0) {
        const remote = await this.#finish(kind, write, mutated.item, online, notes);
        if (write.slug !== '' && remote.slug !== write.slug)
          notes.push(note(write, 'slug_changed', `In the shop the slug is ${remote.slug}.`));
        return { result: 'written', created: true, remote, notes };
      }
      if (!errors.some(isTaken)) break;
      if (tried > 0) continue;
      const numbered = numberedHandles(write);
      const holders = await itemsByHandle(this.#reader, kind, [wantedHandle(write), ...numbered]);
      const own = holders.find((item) => isOf(item, write));
      if (own !== undefined) return this.#update(kind, write, own.externalId, own);
      const taken = new Set(holders.map(({ slug }) => slug));
      tries.push(...numbered.filter((each) => !taken.has(each)).slice(0, MORE_TRIES));
      // Without a handle, Shopify makes a free one of the title.
      if (write.slug === '') tries.push(null);
    }
    return failed(userFault(write, errors), false);
  }

  async #update(
    kind: ContentKind,
    write: ContentWrite,
    externalId: string,
    before: RemoteContent | null,
  ): Promise<WriteOutcome> {
    const mayPublish =
      kind.slug !== 'product' || !asksToPublish(write, before) || (await this.#hasPrice(externalId));
    const { input, media, online, notes } = contentInput(kind, write, before, { mayPublish });
    if (kind.slug === 'article' && changedBlog(write, before)) {
      const blog = await this.#groupings.blogFor(write, notes);
      if (blog !== null) input.blogId = blog;
    }
    if (kind.slug === 'product') await this.#groupings.memberships(write, before, input, notes);
    let item: unknown = null;
    if (Object.keys(input).length > 0 || media.length > 0) {
      const mutated = await this.#mutate(kind, 'update', externalId, input, media, notes, write);
      if (mutated.errors.length > 0) {
        const now = await this.#reader.byId(kind, [externalId]);
        if (now.gone.length > 0) return { result: 'conflict', remote: null };
        return failed({ ...userFault(write, mutated.errors), externalId }, false);
      }
      item = mutated.item;
    } else if (online === null && before !== null) {
      return { result: 'written', created: false, remote: before, notes };
    }
    const known = item ?? { id: globalId(kind.type, externalId) };
    const remote = await this.#finish(kind, write, known, online, notes);
    return { result: 'written', created: false, remote, notes };
  }

  /** Has every variant of a product a price? */
  async #hasPrice(externalId: string): Promise<boolean> {
    const answer = await this.#send(PRICE_OF_PRODUCT, { id: globalId('Product', externalId) }, true);
    const { data } = priced.safeParse(answer.data.product);
    return Number(data?.priceRangeV2.minVariantPrice.amount) > 0;
  }

  /**
   * Sends a mutation. If Shopify refuses the collections because rules fill them, sends it again without
   * them.
   */
  async #mutate(
    kind: ContentKind,
    verb: 'create' | 'update',
    externalId: string | null,
    input: JsonObject,
    media: JsonObject[],
    notes: ItemFault[],
    write: ContentWrite,
  ): Promise<Mutated> {
    const operation = writeOperation(kind, verb, this.#reader.facts.onlineStore);
    const id = externalId === null ? null : globalId(kind.type, externalId);
    const { idBeside } = MUTATIONS[kind.slug][verb];
    const variables = {
      input: id === null || idBeside ? input : { ...input, id },
      ...(id !== null && idBeside ? { id } : {}),
      ...(kind.slug === 'product' ? { media } : {}),
    };
    const answer = await this.#send(operation, variables, verb === 'update');
    const mutated = readPayload(answer, operation.field, kind.slug);
    const { collectionsToJoin, collectionsToLeave, ...rest } = input;
    const moves = collectionsToJoin !== undefined || collectionsToLeave !== undefined;
    if (
      moves &&
      mutated.errors.some(({ field }) => field?.some((part) => part.startsWith('collectionsTo')))
    ) {
      notes.push(note(write, 'collection_by_rule', 'Rules fill its collections, so they stay as they are.'));
      return this.#mutate(kind, verb, externalId, rest, media, notes, write);
    }
    return mutated;
  }

  /** Puts an item into the Online Store or takes it out. Returns the item as the shop now holds it. */
  async #finish(
    kind: ContentKind,
    write: ContentWrite,
    item: unknown,
    online: boolean | null,
    notes: ItemFault[],
  ): Promise<RemoteContent> {
    const read = readItem(kind, item, this.#reader.facts);
    if ('content' in read && online === null && read.restOfCollections === null) return read.content;
    const externalId = 'content' in read ? read.content.externalId : read.fault.externalId;
    if (externalId === null)
      throw fault('unexpected_answer', { values: { found: 'an item without its id' } });
    if (online !== null) await this.#publish(kind, write, externalId, online, notes);
    const now = await this.#reader.byId(kind, [externalId]);
    const [remote] = now.items;
    if (remote === undefined)
      throw fault('unexpected_answer', { values: { found: `a ${kind.slug} that cannot be read` } });
    return remote;
  }

  async #publish(
    kind: ContentKind,
    write: ContentWrite,
    externalId: string,
    online: boolean,
    notes: ItemFault[],
  ): Promise<void> {
    const { onlineStore } = this.#reader.facts;
    const untold = (message: string) =>
      notes.push({ ...note(write, 'not_published', message), explains: 'status' });
    if (onlineStore === null) {
      untold('Its visibility in the Online Store was not changed: the app has no write_publications scope.');
      return;
    }
    const operation = publishOperation(online ? 'publish' : 'unpublish');
    const variables = { id: globalId(kind.type, externalId), input: [{ publicationId: onlineStore }] };
    try {
      const answer = await this.#send(operation, variables, true);
      const { errors } = readPayload(answer, operation.field, null);
      if (errors.length > 0) untold(userFault(write, errors).message);
    } catch (error) {
      // The item itself is written. A fault while publishing must not hide that, so it becomes a note.
      if (!(error instanceof RemoteError)) throw error;
      untold(error.message);
    }
  }

  #send(operation: Operation, variables: JsonObject, repeatable: boolean): Promise<AdminAnswer> {
    const pace = this.#pace;
    // The client waits until the bucket holds the cost of the mutation, so it calls `beforeWrite` itself.
    const beforeSend = () => pace.beforeWrite();
    return pace.send(() => this.#client.ask(operation, variables, { signal: pace.signal, beforeSend }), {
      repeatable,
      writes: true,
    });
  }
}

function failed(itemFault: ItemFault, retryable: boolean): WriteOutcome {
  return { result: 'failed', fault: itemFault, retryable };
}
