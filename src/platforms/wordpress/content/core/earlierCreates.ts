import type { ContentWrite, SentTexts } from '../../../contentPart.ts';
import type { RemoteContent } from '../../../remoteContent.ts';
import { decodeCharacterReferences, withoutTags } from '../../site/htmlText.ts';
import { isRecord } from '../../site/siteClient.ts';
import type { SiteRequests } from '../siteRequests.ts';
import { slugFor, slugsOfCreate, variants } from '../slugs.ts';
import type { CorePosts } from './corePosts.ts';

/** How far the site's clock may have moved against ours since a create was begun. Milliseconds. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

/** Finds the posts of creates whose answer was lost. */
export class EarlierCreates {
  readonly #requests: SiteRequests;
  /** Posts that already belong to a content. */
  readonly #linked = new Set<string>();
  #user: Promise<number | null> | null = null;

  constructor(requests: SiteRequests) {
    this.#requests = requests;
  }

  /** Marks a post as belonging to a content, so that no other content gets it. */
  link(externalId: string): void {
    this.#linked.add(externalId);
  }

  /**
   * Finds the post that an earlier try of this create has made. It must be one of ours that belongs to no
   * other content. Its slug must be one that was sent, or what WordPress makes of that slug if it is taken.
   * It must have the body that was sent. Somebody may have edited it since: then it must be no older than the
   * create, and have the title or exactly the slug that was sent. null if there is no such post. Throws
   * RemoteError.
   */
  async find(posts: CorePosts, write: ContentWrite): Promise<RemoteContent | null> {
    const sent = [...new Set(sentTexts(write).map((texts) => slugFor({ ...write, ...texts })))];
    const looked = new Set(sentTexts(write).flatMap((texts) => slugsOfCreate({ ...write, ...texts })));
    const slugs = [...looked].flatMap(variants).map((slug) => encodeURIComponent(slug));
    const query = `${posts.list.query}&slug=${slugs.join(',')}&per_page=100&orderby=id&order=desc`;
    const answer = await this.#requests.read(posts.route, `${query}&_fields=${await posts.fields()}`);
    const records: unknown[] = Array.isArray(answer.value) ? answer.value : [];
    const { items } = await posts.contents(records.filter(isRecord), answer.damaged);
    this.#user ??= this.#readUser();
    const user = await this.#user;
    const others = await write.ofOthers(items.map(({ externalId }) => externalId));
    const candidates = items.filter(
      (item) =>
        !this.#linked.has(item.externalId) &&
        !others.has(item.externalId) &&
        (item.contentKey === null || item.contentKey === write.contentKey) &&
        isOurs(item, write, user),
    );
    const texts = sentTexts(write);
    const hasBody = (item: RemoteContent) => item.body !== '' && texts.some(({ body }) => body === item.body);
    const hasTitle = (item: RemoteContent) =>
      texts.some(({ title }) => plainTitle(title) === plainTitle(item.title));
    const recent = candidates.filter((item) => this.#isNewEnough(item, write));
    // Two contents may share slug and title. The post with the body that was sent is the more likely one.
    return (
      candidates.find(({ contentKey }) => contentKey === write.contentKey) ??
      candidates.find((item) => hasBody(item) && hasTitle(item)) ??
      candidates.find(hasBody) ??
      recent.find(hasTitle) ??
      recent.find(({ slug }) => sent.includes(slug)) ??
      null
    );
  }

  #isNewEnough({ modifiedAt }: RemoteContent, { begunAt, metadata }: ContentWrite): boolean {
    if (begunAt === null || modifiedAt === null) return true;
    const begun = Date.parse(begunAt) + this.#requests.clockLead - CLOCK_TOLERANCE_MS;
    // A post that is created with an old date also has that date as its modification date.
    const given = typeof metadata.date_gmt === 'string' ? Date.parse(metadata.date_gmt) : Number.NaN;
    return Date.parse(modifiedAt) >= begun || Math.abs(Date.parse(modifiedAt) - given) < 1_000;
  }

  async #readUser(): Promise<number | null> {
    const { value } = await this.#requests.read('wp/v2/users/me', 'context=edit&_fields=id');
    return isRecord(value) && typeof value.id === 'number' ? value.id : null;
  }
}

/** All texts that the site may have received: those of earlier tries, if they are known. */
function sentTexts({ sentAs, title, slug, body, excerpt }: ContentWrite): readonly SentTexts[] {
  return sentAs.length > 0 ? sentAs : [{ title, slug, body, excerpt }];
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
