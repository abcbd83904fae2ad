/** Whether the site behind an address is still the one whose contents are kept here. */
import type { Database } from '../../database/client.ts';
import { RemoteError } from '../../errors.ts';
import type { ContentSession, TypeOfSite } from '../../platforms/contentPart.ts';
import { birthVerdict } from '../content/birth.ts';
import type { SiteItems } from '../content/merge.ts';

/** So many of the lowest and of the highest ids are asked for. */
const askedOfEachEnd = 10;
/** Fewer items than this are judged one by one. */
const leastToJudge = 3;

const message =
  'Most items that were kept here under their ids are gone from this address or were made anew: it leads to another ' +
  'site. Nothing was changed. If the site was rebuilt there, sync with "moved": true: what is gone becomes ' +
  'deleted_remote here and keeps its texts, and the items of the new site come as new contents. To keep both apart, ' +
  'make a new site here and connect it there; nothing of this one changes then.';

/**
 * Reads some items that are known and compares their births, before anything is changed. Throws RemoteError
 * `another_site` where most of them are gone or another, and at least one is another.
 */
export async function mustBeSameSite(
  db: Database,
  session: ContentSession,
  { siteId, platform, contentType }: SiteItems,
  type: TypeOfSite,
): Promise<void> {
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
  if (known.size < leastToJudge || ends.flat().every(({ birth }) => birth === null)) return;
  const { items, gone } = await session.read(type, [...known.keys()]);
  let others = 0;
  for (const item of items) {
    const content = known.get(item.externalId);
    if (content === undefined || item.status === null) continue;
    const verdict = await birthVerdict(content, item, async () => content.body);
    if (verdict !== 'same') others += 1;
  }
  const mostOfFound = others > items.length / 2;
  if (
    others > 0 &&
    mostOfFound &&
    others + gone.length > known.size / 2 &&
    others + gone.length >= leastToJudge
  )
    throw new RemoteError('another_site', message);
}
