/** Whether the site behind an address is still the one whose contents are kept here. */
import type { Database } from '../../database/client.ts';
import { RemoteError } from '../../errors.ts';
import type { ContentSession, TypeOfSite } from '../../platforms/contentPart.ts';
import { birthVerdict } from '../content/birth.ts';
import type { SiteItems } from '../content/merge.ts';

/** So many of the lowest and of the highest ids are asked for. */
const askedOfEachEnd = 10;
/** Fewer items than this, of all types together, are judged one by one. */
const leastToJudge = 3;

const message =
  'Most items that were kept here under their ids are gone from this address or were made anew: it leads to another ' +
  'site. Nothing was changed. If the site was rebuilt there, sync with "moved": true: what is gone becomes ' +
  'deleted_remote here and keeps its texts, and the items of the new site come as new contents. To keep both apart, ' +
  'make a new site here and connect it there; nothing of this one changes then.';

/** One type of a site, and how its items are read. */
export interface CensusType {
  slug: string;
  type: TypeOfSite;
}

/** What was found of the items that were asked for. */
interface Census {
  asked: number;
  found: number;
  /** Found, and another than the one that was known. */
  others: number;
}

/**
 * Reads some items that are known, of the first of these types that has enough of them and of those before it, and
 * compares their births, before anything is changed. Gives the types that it has asked for. Throws RemoteError
 * `another_site` where most of the items are gone or another, and at least one is another.
 */
export async function mustBeSameSite(
  db: Database,
  session: ContentSession,
  site: Pick<SiteItems, 'siteId' | 'platform'>,
  types: readonly CensusType[],
): Promise<string[]> {
  const all: Census = { asked: 0, found: 0, others: 0 };
  const slugs: string[] = [];
  for (const { slug, type } of types) {
    const census = await censusOf(db, session, { ...site, contentType: slug }, type);
    slugs.push(slug);
    all.asked += census.asked;
    all.found += census.found;
    all.others += census.others;
    if (isAnother(census) || isAnother(all)) throw new RemoteError('another_site', message);
    // A few items of one type say little of the site.
    if (census.asked >= leastToJudge) break;
  }
  return slugs;
}

function isAnother({ asked, found, others }: Census): boolean {
  const changed = others + asked - found;
  return others > 0 && others > found / 2 && changed > asked / 2 && changed >= leastToJudge;
}

async function censusOf(
  db: Database,
  session: ContentSession,
  { siteId, platform, contentType }: SiteItems,
  type: TypeOfSite,
): Promise<Census> {
  const where = {
    siteId,
    platform,
    contentType,
    externalId: { not: null },
    syncState: { in: ['in_sync' as const, 'local_changes' as const, 'remote_changes' as const] },
  };
  const ends = await Promise.all(
    (['asc', 'desc'] as const).map((externalId) =>
      db.content.findMany({ where, orderBy: { externalId }, take: askedOfEachEnd }),
    ),
  );
  const known = new Map(ends.flat().map((content) => [content.externalId ?? '', content]));
  if ([...known.values()].every(({ birth }) => birth === null)) return { asked: 0, found: 0, others: 0 };
  const { items } = await session.read(type, [...known.keys()]);
  let others = 0;
  for (const item of items) {
    const content = known.get(item.externalId);
    if (content === undefined || item.status === null) continue;
    const verdict = await birthVerdict(content, item, async () => content.body);
    if (verdict !== 'same') others += 1;
  }
  return { asked: known.size, found: items.length, others };
}
