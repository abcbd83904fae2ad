import type { Connection } from '../../connection.ts';
import type {
  ContentPage,
  ContentSession,
  Pace,
  ReadAllRequest,
  ReadChangesRequest,
  ReadOutcome,
  SlicePage,
  SliceRequest,
  TypeOfSite,
} from '../../contentPart.ts';
import type { ContentWrite, WriteOutcome } from '../../contentWrite.ts';
import type { RemoteContent, RemoteTerm } from '../../remoteContent.ts';
import { AdminClient } from '../api/adminClient.ts';
import type { CostBuckets } from '../api/costBucket.ts';
import type { ShopifyOptions } from '../api/options.ts';
import { findOnlineStore, readShop } from '../api/shopFacts.ts';
import { fault } from '../faults.ts';
import { readChanges } from './changes.ts';
import { type ContentKind, kindOf } from './contentKinds.ts';
import { ContentWriter } from './contentWriter.ts';
import { findExisting } from './existingItem.ts';
import { ItemReader } from './itemReader.ts';
import { readSlice } from './slice.ts';
import { TAXONOMIES } from './taxonomies.ts';
import { readWhole } from './wholeReading.ts';

/** Opens a shop for one run. Throws ExplainedFault. */
export async function openShop(
  connection: Connection,
  pace: Pace,
  options: ShopifyOptions,
  buckets: CostBuckets,
): Promise<ContentSession> {
  const client = new AdminClient(connection, options, buckets);
  const { signal } = pace;
  const shop = await pace.send(() => readShop(client, signal), { repeatable: true, writes: false });
  const onlineStore = await pace.send(() => findOnlineStore(client, shop.scopes, signal), {
    repeatable: true,
    writes: false,
  });
  const facts = { ...shop, onlineStore };
  const reader = new ItemReader(client, pace, facts);
  return new ShopSession(reader, new ContentWriter(client, pace, reader), pace);
}

class ShopSession implements ContentSession {
  /**
   * Some changes leave the date as it was: a rule adds a product to a collection, or the metafields of a page
   * change.
   */
  readonly findsEveryChange = false;
  readonly lastOperation = null;
  readonly writesAtOnce = 10;
  readonly comparesAndSets = false;
  readonly #reader: ItemReader;
  readonly #writer: ContentWriter;
  readonly #pace: Pace;

  constructor(reader: ItemReader, writer: ContentWriter, pace: Pace) {
    this.#reader = reader;
    this.#writer = writer;
    this.#pace = pace;
  }

  async *readAll(request: ReadAllRequest): AsyncIterable<ContentPage> {
    yield* readWhole(this.#reader, this.#pace, kindFor(request.type), request);
  }

  async *readChanges(request: ReadChangesRequest): AsyncIterable<ContentPage> {
    yield* readChanges(this.#reader, kindFor(request.type), request);
  }

  async *readSlice(request: SliceRequest): AsyncIterable<SlicePage> {
    yield* readSlice(this.#reader, kindFor(request.type), request);
  }

  async read(type: TypeOfSite, externalIds: readonly string[]): Promise<ReadOutcome> {
    return this.#reader.byId(kindFor(type), externalIds);
  }

  async findExisting(
    type: TypeOfSite,
    writes: readonly ContentWrite[],
  ): Promise<Map<string, RemoteContent[]>> {
    return findExisting(this.#reader, kindFor(type), writes);
  }

  async *readTerms(taxonomy: TypeOfSite): AsyncIterable<RemoteTerm[]> {
    const found = TAXONOMIES.find(({ slug }) => slug === taxonomy.slug);
    if (found) yield* found.terms(this.#reader.query.bind(this.#reader));
  }

  async write(type: TypeOfSite, writes: readonly ContentWrite[]): Promise<WriteOutcome[]> {
    return this.#writer.write(kindFor(type), writes);
  }
}

/**
 * The kind of a content type. Throws `unknown_type` for all but the four kinds, as a shop cannot define
 * further ones.
 */
function kindFor({ slug }: TypeOfSite): ContentKind {
  const kind = kindOf(slug);
  if (kind === undefined) throw fault('unknown_type', { values: { found: slug } });
  return kind;
}
