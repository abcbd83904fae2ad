import { candidatesFor } from '../candidates.ts';
import type { ContentWrite } from '../contentPart.ts';
import type { RemoteContent } from '../remoteContent.ts';
import type { ItemSource } from './itemSource.ts';

/** Up to this many contents are searched one by one. */
const FEW = 5;

type FoundBy = 'slug' | 'content_key' | 'content_id';

/** Searches a described API for items that contents may already have. */
export class ItemSearch {
  readonly #source: ItemSource;

  constructor(source: ItemSource) {
    this.#source = source;
  }

  /**
   * Finds items that may already belong to contents that are to be created; see
   * `ContentSession.findExisting`. For a few contents it uses the search in the description. For more, it
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
    } else {
      for await (const page of this.#source.list())
        items.push(...page.items.filter((item) => writes.some((write) => mayBe(item, write))));
    }
    return candidatesFor(writes, items, ({ slug }, write) => slug !== '' && slug === write.slug);
  }

  /**
   * Looks for the item of an earlier create. null if the description has no search for this content; `none`
   * if the API has no such item.
   */
  async find(write: ContentWrite): Promise<RemoteContent | 'none' | null> {
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
  if (by === 'slug') return item.slug === write.slug;
  if (by === 'content_key') return item.contentKey === write.contentKey;
  const sent = [write, ...write.sentAs];
  const hasTexts = sent.some(({ title, body }) => item.title === title && item.body === body);
  return item.legacyContentId === write.contentId && hasTexts;
}

function mayBe(item: RemoteContent, write: ContentWrite): boolean {
  return item.contentKey === write.contentKey || (item.title === write.title && item.slug === write.slug);
}
