import type { ContentWrite, RemoteContent } from '../../contentPart.ts';
import { decodeCharacterReferences } from '../htmlText.ts';
import { isRecord } from '../siteClient.ts';
import type { CorePosts } from './corePosts.ts';
import type { SiteRequests } from './siteRequests.ts';
import { slugFor, variants } from './slugs.ts';

/** How far the site's clock may have moved against ours since a create was begun. Milliseconds. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

/** Looks on a site for posts of creates whose answer was lost. */
export class EarlierCreates {
  readonly #requests: SiteRequests;
  /** Posts that belong to another content already. */
  readonly #linked = new Set<string>();
  #user: Promise<number | null> | null = null;

  constructor(requests: SiteRequests) {
    this.#requests = requests;
  }

  /** This post is some content's, so no other's. */
  link(externalId: string): void {
    this.#linked.add(externalId);
  }

  /**
   * The post that an earlier create of this content has made: one of ours with its slug, or what WordPress makes of
   * a slug that is taken, and its title, made no earlier than the create was begun. null when there is none.
   * Throws RemoteError.
   */
  async find(posts: CorePosts, write: ContentWrite): Promise<RemoteContent | null> {
    const slugs = variants(slugFor(write)).map((slug) => encodeURIComponent(slug));
    const query = `${posts.list.query}&slug=${slugs.join(',')}&per_page=100&orderby=id&order=desc`;
    const answer = await this.#requests.read(posts.route, `${query}&_fields=${await posts.fields()}`);
    const records: unknown[] = Array.isArray(answer.value) ? answer.value : [];
    const { items } = await posts.contents(records.filter(isRecord), answer.damaged);
    this.#user ??= this.#readUser();
    const user = await this.#user;
    const candidates = items.filter(
      (item) =>
        !this.#linked.has(item.externalId) &&
        isOurs(item, write, user) &&
        plainTitle(item.title) === plainTitle(write.title) &&
        this.#isNewEnough(item, write),
    );
    // Two contents may share slug and title; of their posts the one with the text is more likely the one.
    return candidates.find(({ body }) => body === write.body) ?? candidates[0] ?? null;
  }

  #isNewEnough({ modifiedAt }: RemoteContent, { begunAt, metadata }: ContentWrite): boolean {
    if (begunAt === null || modifiedAt === null) return true;
    const begun = Date.parse(begunAt) + this.#requests.clockLead - CLOCK_TOLERANCE_MS;
    // A post that is made with a date of old is dated so altogether.
    const given = typeof metadata.date_gmt === 'string' ? Date.parse(metadata.date_gmt) : Number.NaN;
    return Date.parse(modifiedAt) >= begun || Math.abs(Date.parse(modifiedAt) - given) < 1_000;
  }

  async #readUser(): Promise<number | null> {
    const { value } = await this.#requests.read('wp/v2/users/me', 'context=edit&_fields=id');
    return isRecord(value) && typeof value.id === 'number' ? value.id : null;
  }
}

function isOurs(item: RemoteContent, write: ContentWrite, user: number | null): boolean {
  const { author } = item.metadata;
  return user === null || author === undefined || author === user || author === write.metadata.author;
}

/** A title without what WordPress may have done to it: kses encodes ampersands, and tags may be forbidden. */
function plainTitle(title: string): string {
  return decodeCharacterReferences(title.replace(/<[^>]*>/g, '')).trim();
}
