/** Finds the contents to which the items of a page belong. */
import type { Transaction } from '../../../database/client.ts';
import { byAge } from '../../../platforms/candidates.ts';
import type { RemoteContent } from '../../../platforms/remoteContent.ts';
import { isAsWasSent, noCreate, readSentTexts, sameSlug } from '../../content/sentAndKept.ts';
import type { KnownRow, PageTarget } from './page.ts';

type FoundRow = Omit<KnownRow, 'claimed' | 'byTexts'>;

interface Claim {
  row: FoundRow;
  externalId: string;
  byTexts: boolean;
}

/** The contents of a page, locked until the end of the transaction, and the owners of the page's keys. */
export interface HeldRows {
  /** By external id. */
  known: Map<string, KnownRow>;
  /** The keys that belong to a content on this server, of any site, each with the content's external id. */
  keys: ReadonlyMap<string, string | null>;
}

/**
 * Finds and locks the contents of a page. A content whose create was sent and whose response was lost is
 * found by the key of its item. The content number that a connector before 0.4.0 stores counts only together
 * with the texts that were sent. On a site that does not store keys, a content that waits for its create is
 * found by its texts.
 */
export async function holdRows(
  tx: Transaction,
  target: PageTarget,
  items: readonly RemoteContent[],
): Promise<HeldRows> {
  const { siteId, platform, contentType } = target;
  const externalIds = items.map((item) => item.externalId);
  const byKey = oldestByKey(items);
  const rows = await tx.$queryRaw<FoundRow[]>`
    /* planned each time */ SELECT id, key, title, birth, external_id AS "externalId", external_status AS "externalStatus",
      external_url AS "externalUrl", external_modified_at AS "externalModifiedAt", remote_hash AS "remoteHash",
      remote_tag AS "remoteTag", sync_state AS "syncState", status, visibility, local_version AS "localVersion",
      synced_version AS "syncedVersion", unread_fields AS "unreadFields",
      built_with AS "builtWith", edited_at AS "editedAt", updated_at AS "updatedAt"
    FROM content
    WHERE site_id = ${siteId} AND content_type = ${contentType}
      AND (platform = ${platform} AND external_id = ANY(${externalIds})
        OR external_id IS NULL AND coalesce(platform, ${platform}) = ${platform}
          AND key = ANY(${[...byKey.keys()]}::uuid[]))
    ORDER BY id FOR UPDATE`;
  const known = new Map<string, KnownRow>();
  for (const row of rows)
    if (row.externalId !== null) known.set(row.externalId, { ...row, claimed: false, byTexts: false });
  const take = async (claims: readonly Claim[]) => {
    for (const { row, externalId, byTexts } of claims) {
      if (known.has(externalId)) continue;
      await tx.content.update({ where: { id: row.id }, data: { externalId, platform, ...noCreate } });
      known.set(externalId, { ...row, externalId, claimed: true, byTexts });
    }
  };
  await take(
    rows.flatMap((row) => {
      const externalId = row.externalId === null ? byKey.get(row.key) : undefined;
      return externalId === undefined ? [] : [{ row, externalId, byTexts: false }];
    }),
  );
  await take(await legacyClaims(tx, target, items));
  const unknown = items.filter(({ externalId }) => !known.has(externalId));
  if (target.isWithoutKeys) await take(await waitingClaims(tx, target, unknown));
  return { known, keys: await ownersOf(tx, items) };
}

/**
 * A plugin that copies an item copies its key too. The oldest item belongs to the content; a copy is a new
 * item.
 */
function oldestByKey(items: readonly RemoteContent[]): Map<string, string> {
  const oldest = new Map<string, string>();
  for (const { contentKey, externalId } of [...items].sort(byAge))
    if (contentKey !== null && !oldest.has(contentKey)) oldest.set(contentKey, externalId);
  return oldest;
}

async function ownersOf(
  tx: Transaction,
  items: readonly RemoteContent[],
): Promise<Map<string, string | null>> {
  const keys = items.flatMap(({ contentKey }) => contentKey ?? []);
  if (keys.length === 0) return new Map();
  const owners = await tx.content.findMany({
    where: { key: { in: keys } },
    select: { key: true, externalId: true },
  });
  return new Map(owners.map(({ key, externalId }) => [key, externalId]));
}

/**
 * Claims for creates that were sent to a connector before 0.4.0: the number and the texts must both match.
 */
async function legacyClaims(
  tx: Transaction,
  { siteId, platform, contentType }: PageTarget,
  items: readonly RemoteContent[],
): Promise<Claim[]> {
  const byNumber = new Map(
    items.flatMap((item) => (item.legacyContentId === null ? [] : [[item.legacyContentId, item] as const])),
  );
  if (byNumber.size === 0) return [];
  const begun = await tx.content.findMany({
    where: {
      id: { in: [...byNumber.keys()] },
      siteId,
      platform,
      contentType,
      externalId: null,
      createBegunAt: { not: null },
    },
  });
  return begun.flatMap((row) => {
    const item = byNumber.get(row.id);
    const wasSent = item !== undefined && readSentTexts(row).some((sent) => isAsWasSent(item, sent));
    return wasSent ? [{ row, externalId: item.externalId, byTexts: false }] : [];
  });
}

/**
 * Claims for contents that wait for their create, for example after a backup from before the create was
 * restored. The item must have the title and the slug of the content. If the content is not `ready`, the body
 * must match too: another item may well have the title of a draft.
 */
async function waitingClaims(
  tx: Transaction,
  { siteId, platform, contentType }: PageTarget,
  items: readonly RemoteContent[],
): Promise<Claim[]> {
  const likely = items.filter(
    ({ contentKey, status, title }) => contentKey === null && status !== null && title !== '',
  );
  if (likely.length === 0) return [];
  // A content that is locked elsewhere is being pushed or edited. A push looks for its item before the
  // create.
  const held = await tx.$queryRaw<{ id: number }[]>`
    SELECT id FROM content
    WHERE site_id = ${siteId} AND content_type = ${contentType} AND external_id IS NULL
      AND (sync_state = 'local_only' AND create_begun_at IS NULL OR sync_state = 'excluded') AND coalesce(platform, ${platform}) = ${platform}
      AND title = ANY(${likely.map(({ title }) => title)})
    ORDER BY id FOR UPDATE SKIP LOCKED`;
  if (held.length === 0) return [];
  const waiting = await tx.content.findMany({
    where: { id: { in: held.map(({ id }) => id) } },
    orderBy: { id: 'asc' },
  });
  const taken = new Set<string>();
  return waiting.flatMap((row): Claim[] => {
    const item = likely.find(
      ({ externalId, title, slug, body }) =>
        !taken.has(externalId) &&
        title === row.title &&
        sameSlug(row.slug, slug) &&
        (row.status === 'ready' || body === row.body),
    );
    if (item === undefined) return [];
    taken.add(item.externalId);
    return [{ row, externalId: item.externalId, byTexts: true }];
  });
}
