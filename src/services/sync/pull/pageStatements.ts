/** The statements that store a page of items, each over many of them. */
import type { Transaction } from '../../../database/client.ts';
import type { Content } from '../../../database/generated/client.ts';
import type { ItemFault, RemoteContent } from '../../../platforms/contentPart.ts';
import { type ConflictRule, remoteFacts, type SiteItems, storedState } from '../../content/merge.ts';
import { noCreate } from '../../content/sentAndKept.ts';
import { remoteState } from '../../content/sharedState.ts';

/** Where a page belongs. */
export interface PageTarget extends SiteItems {
  accountId: number;
  rule: ConflictRule;
  /** Marks what is seen, so that what is missing on the site shows at the end; null where that is not asked. */
  readingId: number | null;
  /** When this worker began to read: what has changed here since is newer than the page. */
  readSince: Date;
}

/** What is read of a content to tell what became of it: all but its texts. */
export type KnownRow = Pick<
  Content,
  | 'id'
  | 'externalId'
  | 'externalStatus'
  | 'externalUrl'
  | 'externalModifiedAt'
  | 'remoteHash'
  | 'remoteTag'
  | 'syncState'
  | 'localVersion'
  | 'syncedVersion'
  | 'updatedAt'
>;

/** An item that the site has, and the hash of what both sides have in common of it. */
export type LiveItem = RemoteContent & { status: 'draft' | 'published'; hash: string };

/** An item of which there is a content, and the row of that. */
export interface KnownItem {
  row: KnownRow;
  item: LiveItem;
}

/** How many items with their texts go into one statement. */
const textsAtOnce = 100;

/**
 * The rows of a page by the site's ids, held until the end of the transaction. One that was sent to the site and whose
 * answer was lost is found by the id that the site keeps.
 */
export async function holdRows(
  tx: Transaction,
  { siteId, platform, contentType }: PageTarget,
  items: readonly RemoteContent[],
): Promise<Map<string, KnownRow>> {
  const externalIds = items.map((item) => item.externalId);
  const owned = new Map(
    items.flatMap((item) => (item.contentId === null ? [] : [[item.contentId, item.externalId] as const])),
  );
  const rows = await tx.$queryRaw<KnownRow[]>`
    /* planned each time */ SELECT id, external_id AS "externalId", external_status AS "externalStatus", external_url AS "externalUrl",
      external_modified_at AS "externalModifiedAt", remote_hash AS "remoteHash", remote_tag AS "remoteTag",
      sync_state AS "syncState", local_version AS "localVersion", synced_version AS "syncedVersion",
      updated_at AS "updatedAt"
    FROM content
    WHERE site_id = ${siteId} AND content_type = ${contentType} AND platform = ${platform}
      AND (external_id = ANY(${externalIds}) OR (external_id IS NULL AND id = ANY(${[...owned.keys()]})))
    ORDER BY id FOR UPDATE`;
  const known = new Map<string, KnownRow>();
  for (const row of rows) if (row.externalId !== null) known.set(row.externalId, row);
  for (const row of rows) {
    const externalId = row.externalId ?? owned.get(row.id);
    if (externalId === undefined || known.has(externalId)) continue;
    await tx.content.update({ where: { id: row.id }, data: { externalId, ...noCreate } });
    known.set(externalId, { ...row, externalId });
  }
  return known;
}

/**
 * The columns of an item as JSON, for one statement over all of them. The body goes beside them as a text: PostgreSQL
 * takes five times as long to get it out of a JSON of records.
 */
function columns(item: LiveItem) {
  const facts = remoteFacts(item);
  const { body: _, ...state } = storedState(remoteState(item, item.status));
  return {
    ...state,
    external_id: item.externalId,
    external_url: facts.externalUrl,
    external_status: facts.externalStatus,
    external_modified_at: facts.externalModifiedAt?.toISOString() ?? null,
    remote_tag: facts.remoteTag,
    hash: item.hash,
  };
}

/** Stores new items; returns their ids by those of the site, without what another worker stored in between. */
export async function createRows(
  tx: Transaction,
  target: PageTarget,
  items: readonly LiveItem[],
): Promise<Map<string, number>> {
  const ids = new Map<string, number>();
  for (const part of parts(items))
    for (const { id, external_id } of await insert(tx, target, part)) ids.set(external_id, id);
  return ids;
}

function insert(
  tx: Transaction,
  { accountId, siteId, platform, contentType, readingId }: PageTarget,
  items: readonly LiveItem[],
): Promise<{ id: number; external_id: string }[]> {
  return tx.$queryRaw<{ id: number; external_id: string }[]>`
    INSERT INTO content (account_id, site_id, platform, content_type, title, slug, body, excerpt, status, terms, metadata,
      external_id, external_url, external_status, external_modified_at, remote_tag, base_hash, remote_hash,
      sync_state, local_version, synced_version, last_synced_at, seen_by_reading, updated_at)
    SELECT ${accountId}, ${siteId}, ${platform}, ${contentType}, title, slug, body, excerpt, status::content_status, terms,
      metadata, external_id, external_url, external_status, external_modified_at, remote_tag, hash, hash,
      'in_sync', 1, 1, now(), ${readingId}::int, now()
    FROM ROWS FROM (
      unnest(${items.map(({ body }) => body)}::text[]),
      json_to_recordset(${JSON.stringify(items.map(columns))}::json) AS (title text, slug text, excerpt text,
        status text, terms jsonb, metadata jsonb, external_id text, external_url text, external_status text,
        external_modified_at timestamptz, remote_tag text, hash text)
    ) AS item (body)
    ON CONFLICT (site_id, content_type, external_id, platform) DO NOTHING
    RETURNING id, external_id`;
}

/** Stores items as the site has them now. */
export async function takeRows(
  tx: Transaction,
  target: PageTarget,
  changes: readonly KnownItem[],
): Promise<void> {
  for (const part of parts(changes)) await overwrite(tx, target, part);
}

async function overwrite(
  tx: Transaction,
  { readingId }: PageTarget,
  changes: readonly KnownItem[],
): Promise<void> {
  const rows = changes.map(({ row, item }) => ({ id: row.id, ...columns(item) }));
  await tx.$executeRaw`
    UPDATE content SET title = item.title, slug = item.slug, body = item.body, excerpt = item.excerpt,
      status = item.status::content_status, terms = item.terms, metadata = item.metadata,
      external_url = item.external_url, external_status = item.external_status,
      external_modified_at = item.external_modified_at, remote_tag = item.remote_tag, base_hash = item.hash,
      remote_hash = item.hash, synced_version = content.local_version, last_synced_at = now(), updated_at = now(),
      seen_by_reading = coalesce(${readingId}::int, seen_by_reading)
    FROM ROWS FROM (
      unnest(${changes.map(({ item }) => item.body)}::text[]),
      json_to_recordset(${JSON.stringify(rows)}::json) AS (id int, title text, slug text, excerpt text, status text,
        terms jsonb, metadata jsonb, external_url text, external_status text, external_modified_at timestamptz,
        remote_tag text, hash text)
    ) AS item (body)
    WHERE content.id = item.id`;
}

/** What is as it was may still have another address, date or tag. */
export async function keepRows(
  tx: Transaction,
  target: PageTarget,
  pairs: readonly KnownItem[],
): Promise<void> {
  const rows = pairs
    .filter(({ row, item }) => target.readingId !== null || factsDiffer(row, item))
    .map(({ row, item }) => {
      const { external_url, external_status, external_modified_at, remote_tag } = columns(item);
      return { id: row.id, external_url, external_status, external_modified_at, remote_tag };
    });
  if (rows.length === 0) return;
  await tx.$executeRaw`
    UPDATE content SET external_url = item.external_url, external_status = item.external_status,
      external_modified_at = item.external_modified_at, remote_tag = item.remote_tag, last_synced_at = now(),
      seen_by_reading = coalesce(${target.readingId}::int, seen_by_reading)
    FROM json_to_recordset(${JSON.stringify(rows)}::json) AS item (id int, external_url text, external_status text,
      external_modified_at timestamptz, remote_tag text)
    WHERE content.id = item.id`;
}

function factsDiffer(row: KnownRow, item: LiveItem): boolean {
  const facts = remoteFacts(item);
  return (
    row.externalStatus !== facts.externalStatus ||
    row.externalUrl !== facts.externalUrl ||
    row.externalModifiedAt?.getTime() !== facts.externalModifiedAt?.getTime() ||
    row.remoteTag !== facts.remoteTag
  );
}

/** Marks contents as seen. */
export async function seeRows(
  tx: Transaction,
  { readingId }: PageTarget,
  ids: readonly number[],
): Promise<void> {
  if (readingId === null || ids.length === 0) return;
  await tx.$executeRaw`UPDATE content SET seen_by_reading = ${readingId} WHERE id = ANY(${[...ids]})`;
}

/** Marks items that could not be taken as seen: they are there. */
export async function markSeen(
  tx: Transaction,
  target: PageTarget,
  faults: readonly ItemFault[],
): Promise<void> {
  const ids = faults.flatMap(({ externalId }) => (externalId === null ? [] : [externalId]));
  const { siteId, platform, contentType, readingId } = target;
  if (readingId === null || ids.length === 0) return;
  await tx.$executeRaw`
    UPDATE content SET seen_by_reading = ${readingId}
    WHERE site_id = ${siteId} AND content_type = ${contentType} AND platform = ${platform}
      AND external_id = ANY(${ids})`;
}

/** A whole page of texts in one statement is in memory several times over on its way to the database. */
function parts<T>(list: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(list.length / textsAtOnce) }, (_, index) =>
    list.slice(index * textsAtOnce, (index + 1) * textsAtOnce),
  );
}
