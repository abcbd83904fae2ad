import { byAge, candidatesFor } from '../candidates.ts';
import type { ContentWrite } from '../contentWrite.ts';
import type { RemoteContent } from '../remoteContent.ts';
import { writtenFields } from './contentDescription.ts';
import type { ItemSource } from './itemSource.ts';

/** Up to this many contents are searched one by one. */
const FEW = 5;

/** How far our clock and that of an API may be apart. Milliseconds. */
const SLACK_MS = 24 * 3_600_000;

type FoundBy = 'slug' | 'content_key' | 'content_id';

/** Searches a described API for items that contents may already have. */
export class ItemSearch {
  readonly #source: ItemSource;

  constructor(source: ItemSource) {
    this.#source = source;
  }

  /**
   * Finds items that may already belong to contents that are to be created; see
   * `ContentSession.findExisting`. For a few contents it uses the search in the description. If that is a search
   * for something else than keys, it also looks for their keys among the items that changed since the contents
   * were made, if the API can list these: a few contents are no reason to read a whole list. For more contents, it
   * reads the whole list once.
   */
  async findExisting(writes: readonly ContentWrite[]): Promise<Map<string, RemoteContent[]>> {
    const items: RemoteContent[] = [];
    const find = this.#source.content.create?.find;
    if (find !== undefined && writes.length <= FEW) {
      for (const write of writes) {
        const value = searchedValue(find.by, write);
        if (value === '') continue;
        for await (const page of this.#source.list(undefined, { [find.param]: value }))
          items.push(...page.items);
      }
      if (find.by !== 'content_key' && this.#source.content.list.since_param !== undefined) {
        const found = new Set(items.map(({ contentKey }) => contentKey));
        const missing = writes.filter(({ contentKey }) => !found.has(contentKey));
        items.push(...(await this.#byKeys(missing)).items);
      }
    } else {
      for await (const page of this.#source.list())
        items.push(...page.items.filter((item) => writes.some((write) => mayBe(item, write))));
    }
    return candidatesFor(writes, items, ({ slug }, write) => slug !== '' && slug === write.slug);
  }

  /**
   * Looks for the item of an earlier create. null if the description has no search for this content, and the API
   * does not keep keys; `none` if the API has no such item.
   */
  async find(write: ContentWrite): Promise<RemoteContent | 'none' | null> {
    const searched = await this.#searched(write);
    const isOwn = searched !== null && searched !== 'none' && searched.contentKey === write.contentKey;
    if (isOwn || this.#source.content.create?.find?.by === 'content_key') return searched;
    // The slug may have changed since, and the content may have none.
    const { items, isWhole } = await this.#byKeys([write]);
    const [oldest] = items.sort(byAge);
    return oldest ?? searched ?? (isWhole ? 'none' : null);
  }

  /** Uses the search in the description. null if it has none for this content. */
  async #searched(write: ContentWrite): Promise<RemoteContent | 'none' | null> {
    const find = this.#source.content.create?.find;
    if (find === undefined) return null;
    const value = searchedValue(find.by, write);
    if (value === '') return null;
    for await (const { items } of this.#source.list(undefined, { [find.param]: value })) {
      // An API that does not know the parameter returns all items, so each item is checked.
      const found = items.find((item) => isFound(find.by, item, write));
      if (found !== undefined) return found;
    }
    return 'none';
  }

  /**
   * Finds the items with the keys of contents in the list of those that changed since the contents were made, or in
   * the whole list if the API has no other. `isWhole`: whether an item with such a key would have been found.
   */
  async #byKeys(writes: readonly ContentWrite[]): Promise<{ items: RemoteContent[]; isWhole: boolean }> {
    const { content } = this.#source;
    const [oldest] = writes.map(({ madeAt }) => madeAt).sort();
    if (oldest === undefined || !writtenFields(content).includes('content_key'))
      return { items: [], isWhole: false };
    const param = content.list.since_param;
    const since = new Date(Date.parse(oldest) - SLACK_MS).toISOString();
    const keys = new Set<string | null>(writes.map(({ contentKey }) => contentKey));
    const items: RemoteContent[] = [];
    let isWhole = true;
    for await (const page of this.#source.list(undefined, param === undefined ? {} : { [param]: since })) {
      items.push(...page.items.filter(({ contentKey }) => keys.has(contentKey)));
      if (page.faults.length > 0 || page.incomplete !== null) isWhole = false;
    }
    return { items, isWhole };
  }
}

function searchedValue(by: FoundBy, write: ContentWrite): string {
  if (by === 'slug') return write.slug;
  return by === 'content_key' ? write.contentKey : String(write.contentId);
}

/**
 * Is the item the one that was searched? A restored database uses numbers again, so a number counts only
 * together with the texts.
 */
function isFound(by: FoundBy, item: RemoteContent, write: ContentWrite): boolean {
  // An item with the key of another content is the item of that content.
  if (item.contentKey !== null && item.contentKey !== write.contentKey) return false;
  if (by === 'slug') return item.slug === write.slug;
  if (by === 'content_key') return item.contentKey === write.contentKey;
  const sent = [write, ...write.sentAs];
  const hasTexts = sent.some(({ title, body }) => item.title === title && item.body === body);
  return item.legacyContentId === write.contentId && hasTexts;
}

function mayBe(item: RemoteContent, write: ContentWrite): boolean {
  return item.contentKey === write.contentKey || (item.title === write.title && item.slug === write.slug);
}
