import type { ContentWrite, SentTexts } from '../../../contentWrite.ts';
import type { RemoteContent } from '../../../remoteContent.ts';
import { siteSlug } from '../../../siteSlug.ts';
import { decodeCharacterReferences, withoutTags } from '../../site/htmlText.ts';
import { isRecord } from '../../site/siteClient.ts';
import type { SiteRequests } from '../siteRequests.ts';
import { sentSlug, slugsOfCreate, variants } from '../slugs.ts';
import type { PostSearch } from './postSearch.ts';

/** How far the site's clock may have moved against ours since a create was begun. Milliseconds. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

/** Finds the posts of creates whose answer was lost. */
export class EarlierCreates {
  readonly #requests: SiteRequests;
  /** Posts that already belong to a content, by external id, with the content's key. */
  readonly #linked = new Map<string, string>();
  #user: Promise<number | null> | null = null;

  constructor(requests: SiteRequests) {
    this.#requests = requests;
  }

  /** Marks a post as belonging to a content, so that no other content gets it. */
  link(externalId: string, { contentKey }: Pick<ContentWrite, 'contentKey'>): void {
    this.#linked.set(externalId, contentKey);
  }

  /**
   * Finds the posts that earlier tries of these creates have made. Such a post must be one of ours that belongs
   * to no other content, and have the body that was sent. Somebody may have edited it since: then it must be no
   * older than the create, and have the title that was sent, or the slug that WordPress makes of it. The posts
   * are searched by that slug, then by their dates, as a plugin may make other slugs. If the site leaves posts
   * out of that search, the creates without a post are `unsure`. Throws RemoteError.
   */
  async find(
    search: PostSearch,
    writes: readonly ContentWrite[],
  ): Promise<{ made: ReadonlyMap<ContentWrite, RemoteContent>; unsure: ReadonlySet<ContentWrite> }> {
    const found = new Map<ContentWrite, RemoteContent>();
    const take = (write: ContentWrite, item: RemoteContent | null) => {
      if (item === null) return;
      this.link(item.externalId, write);
      found.set(write, item);
    };
    for (const write of writes) {
      const slugs = slugsSent(write).flatMap((slug) => variants(slug));
      const items = await this.#free(write, await search.bySlugs(slugs));
      take(write, this.#likeliest(write, items.reverse()));
    }
    const missing = writes.filter((write) => !found.has(write));
    const alike = new Map(missing.map((write): [ContentWrite, RemoteContent[]] => [write, []]));
    let isWhole = true;
    for (const { authors, after, before } of await this.#windows(missing)) {
      let isWindowWhole = false;
      for await (const { items, isWhole: isWholeSoFar } of search.dated(authors, after, before)) {
        isWindowWhole = isWholeSoFar;
        for (const [write, own] of alike)
          own.push(
            ...(await this.#free(
              write,
              items.filter((item) => isAlike(item, write)),
            )),
          );
      }
      isWhole &&= isWindowWhole;
    }
    for (const [write, items] of alike) take(write, this.#likeliest(write, await this.#free(write, items)));
    return { made: found, unsure: new Set(isWhole ? [] : missing.filter((write) => !found.has(write))) };
  }

  /** The posts that may be those of a create: they are ours, and belong to no other content. */
  async #free(write: ContentWrite, items: readonly RemoteContent[]): Promise<RemoteContent[]> {
    if (items.length === 0) return [];
    this.#user ??= this.#readUser();
    const user = await this.#user;
    const others = await write.ofOthers(items.map(({ externalId }) => externalId));
    return items.filter(
      (item) =>
        // The write to a post that was found may have failed. Its content looks for it again.
        (this.#linked.get(item.externalId) ?? write.contentKey) === write.contentKey &&
        !others.has(item.externalId) &&
        (item.contentKey === null || item.contentKey === write.contentKey) &&
        isOurs(item, write, user),
    );
  }

  /** Two contents may share slug and title. The post with the body that was sent is the likeliest. */
  #likeliest(write: ContentWrite, items: readonly RemoteContent[]): RemoteContent | null {
    const recent = items.filter((item) => this.#isNewEnough(item, write));
    // A slug with the content's number may come from another database.
    const slugs = slugsSent(write).filter((slug) => slug !== `content-${write.contentId}`);
    return (
      items.find(({ contentKey }) => contentKey === write.contentKey) ??
      items.find((item) => hasBody(item, write) && hasTitle(item, write)) ??
      items.find((item) => hasBody(item, write)) ??
      recent.find((item) => hasTitle(item, write)) ??
      recent.find((item) => slugs.includes(item.slug) || hasIdAsSlug(item, write)) ??
      null
    );
  }

  /** The times in which the posts of creates are dated. */
  async #windows(writes: readonly ContentWrite[]) {
    const begun = writes.flatMap((write) => this.#begun(write) ?? []);
    if (begun.length === 0) return [];
    this.#user ??= this.#readUser();
    const given = writes.map(({ metadata }) => Number(metadata.author ?? 0));
    const authors = [await this.#user, ...given].filter((id): id is number => Number.isSafeInteger(id));
    const dates = new Set(writes.flatMap((write) => givenDate(write) ?? []));
    const window = (after: number, before?: number) => ({
      authors: [...new Set(authors.filter((id) => id > 0))],
      after: new Date(after).toISOString(),
      before: before === undefined ? undefined : new Date(before).toISOString(),
    });
    return [window(Math.min(...begun)), ...[...dates].map((date) => window(date - 1_000, date + 1_000))];
  }

  /** The earliest time, by the site's clock, at which the post of a create can have been made. Milliseconds. */
  #begun({ begunAt }: ContentWrite): number | null {
    return begunAt === null ? null : Date.parse(begunAt) + this.#requests.clockLead - CLOCK_TOLERANCE_MS;
  }

  #isNewEnough({ modifiedAt }: RemoteContent, write: ContentWrite): boolean {
    const begun = this.#begun(write);
    if (begun === null || modifiedAt === null) return true;
    // A post that is created with an old date also has that date as its modification date.
    const given = givenDate(write) ?? Number.NaN;
    return Date.parse(modifiedAt) >= begun || Math.abs(Date.parse(modifiedAt) - given) < 1_000;
  }

  async #readUser(): Promise<number | null> {
    const { value } = await this.#requests.read('wp/v2/users/me', 'context=edit&_fields=id');
    return isRecord(value) && typeof value.id === 'number' ? value.id : null;
  }
}

/** Does the post have texts that we never sent? Then somebody has edited the post since it was made. */
export function isEditedSince(item: RemoteContent, write: ContentWrite): boolean {
  return ![write, ...write.sentAs].some(
    ({ title, body, excerpt }) =>
      plainTitle(title) === plainTitle(item.title) &&
      body.trim() === item.body.trim() &&
      excerpt === item.excerpt,
  );
}

/** All texts that the site may have received: those of earlier tries, if they are known. */
function sentTexts({ sentAs, title, slug, body, excerpt }: ContentWrite): readonly SentTexts[] {
  return sentAs.length > 0 ? sentAs : [{ title, slug, body, excerpt }];
}

function slugsSent(write: ContentWrite): string[] {
  return [...new Set(sentTexts(write).flatMap((texts) => slugsOfCreate({ ...write, ...texts })))];
}

/** May a post be that of a create, whatever its slug is? */
function isAlike(item: RemoteContent, write: ContentWrite): boolean {
  if (item.contentKey === write.contentKey) return true;
  // A post that nobody has edited has the title that was sent.
  const isEdited = item.birth?.date == null || item.birth.date !== item.modifiedAt;
  return hasTitle(item, write) || (hasBody(item, write) && isEdited) || hasIdAsSlug(item, write);
}

function hasBody({ body }: RemoteContent, write: ContentWrite): boolean {
  return body !== '' && sentTexts(write).some((sent) => sent.body === body);
}

function hasTitle(item: RemoteContent, write: ContentWrite): boolean {
  const title = plainTitle(item.title);
  return title !== '' && sentTexts(write).some((sent) => plainTitle(sent.title) === title);
}

/** WordPress takes the id as the slug of a published post if its title gives no slug. It may add a number. */
function hasIdAsSlug({ slug, externalId }: RemoteContent, write: ContentWrite): boolean {
  return (
    variants(externalId).includes(slug) && sentTexts(write).some((sent) => siteSlug(sentSlug(sent)) === '')
  );
}

/** The date that a create gives its post, in milliseconds since 1970; null if it gives none. */
function givenDate({ metadata }: ContentWrite): number | null {
  const date = typeof metadata.date_gmt === 'string' ? Date.parse(metadata.date_gmt) : Number.NaN;
  return Number.isNaN(date) ? null : date;
}

function isOurs(item: RemoteContent, write: ContentWrite, user: number | null): boolean {
  const { author } = item.metadata;
  return user === null || author === undefined || author === user || author === write.metadata.author;
}

/**
 * A title without the changes that WordPress may make: kses encodes ampersands, and tags may be forbidden.
 */
function plainTitle(title: string): string {
  return decodeCharacterReferences(withoutTags(title)).trim();
}
