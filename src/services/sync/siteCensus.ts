/** Checks whether the site behind an address is still the site whose contents are stored here. */
import type { Database } from '../../database/client.ts';
import { RemoteError } from '../../errors.ts';
import type { ContentSession, TypeOfSite } from '../../platforms/contentPart.ts';
import { FAILS_ALONE } from '../../platforms/parts/division.ts';
import { birthVerdict } from '../content/birth.ts';
import type { SiteItems } from '../content/merge.ts';

/** How many items with the lowest ids are read, and how many with the highest ids. */
const askedOfEachEnd = 10;
/** Fewer items than this, of all types together, prove nothing about the site: each is judged on its own. */
const leastToJudge = 3;

const message =
  'Most items that are known here by their ids are gone from this address, or are other items now: the ' +
  'address leads to another site. Nothing was changed. If the site was rebuilt, sync with "moved": true. ' +
  'Contents whose items are gone then become deleted_remote and keep their texts, and the items of the new ' +
  'site become new contents. To keep both sites apart, create a new site here and connect it to this address. ' +
  'The contents of this site then stay unchanged (another_site).';

/** A type of a site, and what the session needs to read its items. */
export interface CensusType {
  slug: string;
  type: TypeOfSite;
}

/** How many known items were asked for, and what was found. */
interface Census {
  asked: number;
  found: number;
  /** Found items that are, or may be, other items than the known ones. */
  others: number;
}

/**
 * Reads some known items and compares their births, before anything is changed. The types are read in the
 * given order, up to the first type with enough known items. Returns the slugs of the types that were read.
 * Throws RemoteError `another_site` if most of the items are gone or are other items, and at least one is
 * another item.
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
    const census = await censusOf(db, session, { ...site, contentType: slug }, type).catch(
      (error: unknown) => {
        // A further type that the site does not have any more says nothing about the site.
        if (slugs.length > 0 && error instanceof RemoteError && error.code === 'unknown_type') return nothing;
        throw error;
      },
    );
    slugs.push(slug);
    all.asked += census.asked;
    all.found += census.found;
    all.others += census.others;
    if (isAnother(census) || isAnother(all)) throw new RemoteError('another_site', message);
    // A type with few known items says little about the site, so the next type is read too.
    if (census.asked >= leastToJudge) break;
  }
  return slugs;
}

const nothing: Census = { asked: 0, found: 0, others: 0 };

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
  if ([...known.values()].every(({ birth }) => birth === null)) return nothing;
  const { items, faults } = await session.read(type, [...known.keys()]);
  const failing = faults.find(({ code }) => code === FAILS_ALONE || code === 'too_large');
  // A site that fails over every item does not show that it is the same.
  if (failing !== undefined && items.length === 0 && known.size >= leastToJudge)
    throw new RemoteError(failing.code, failing.message, { retryable: true });
  let others = 0;
  for (const item of items) {
    const content = known.get(item.externalId);
    if (content === undefined || item.status === null) continue;
    const verdict = await birthVerdict(content, item, async () => content.body);
    if (verdict !== 'same') others += 1;
  }
  return { asked: known.size, found: items.length, others };
}
