/** The SQL statements that store a page of items. Each statement handles many items. */
import { isDeepStrictEqual } from 'node:util';
import type { Transaction } from '../../../database/client.ts';
import { Prisma } from '../../../database/generated/client.ts';
import { contentTextNames } from '../../../platforms/contentTexts.ts';
import type { ItemFault } from '../../../platforms/remoteContent.ts';
import { bornAs } from '../../content/birth.ts';
import { hasLocalChanges, remoteFacts, storedState } from '../../content/merge.ts';
import { remoteState } from '../../content/sharedState.ts';
import { unreadFieldsOf } from '../../content/unreadFields.ts';
import type { KnownItem, KnownRow, LiveItem, NewItem, PageTarget } from './page.ts';

const textColumns = Prisma.raw(contentTextNames.join(', '));
const textsOfItem = Prisma.raw(contentTextNames.map((name) => `${name} = item.${name}`).join(', '));
/**
 * The texts that a statement gets as part of a JSON of records. The body is passed separately, see `columns`.
 */
const shortTexts = Prisma.raw(
  contentTextNames.flatMap((name) => (name === 'body' ? [] : [`${name} text`])).join(', '),
);

/** How many items with their texts go into one statement. */
const textsAtOnce = 100;

/**
 * The columns of an item as JSON, for one statement over many items. The body is passed separately as a text:
 * PostgreSQL needs five times as long to extract it from a JSON of records.
 */
function columns(item: LiveItem) {
  const facts = remoteFacts(item);
  const { body: _, ...state } = storedState(remoteState(item, item.status), item.visibility);
  return {
    ...state,
    external_id: item.externalId,
    external_url: facts.externalUrl,
    external_status: facts.externalStatus,
    visibility: facts.visibility,
    built_with: item.builtWith,
    external_modified_at: facts.externalModifiedAt?.toISOString() ?? null,
    remote_tag: facts.remoteTag,
    birth: bornAs(item),
    unread_fields: unreadFieldsOf(item),
    hash: item.hash,
  };
}

/**
 * Stores new items. Returns the ids of their contents by external id. An item that another worker has stored
 * meanwhile is left out.
 */
export async function createRows(
  tx: Transaction,
  target: PageTarget,
  items: readonly NewItem[],
): Promise<Map<string, number>> {
  const ids = new Map<string, number>();
  for (const part of parts(items))
    for (const { id, external_id } of await insert(tx, target, part)) ids.set(external_id, id);
  return ids;
}

function insert(
  tx: Transaction,
  { accountId, siteId, platform, contentType, readingId }: PageTarget,
  items: readonly NewItem[],
): Promise<{ id: number; external_id: string }[]> {
  return tx.$queryRaw<{ id: number; external_id: string }[]>`
    INSERT INTO content (key, account_id, site_id, platform, content_type, ${textColumns}, status, visibility, terms,
      metadata, unread_fields,
      external_id, external_url, external_status, external_modified_at, remote_tag, birth, built_with, base_hash,
      remote_hash, sync_state, local_version, synced_version, last_synced_at, seen_by_reading, updated_at)
    SELECT coalesce(content_key, gen_random_uuid()), ${accountId}, ${siteId}, ${platform}, ${contentType}, ${textColumns},
      status::content_status, visibility::content_visibility, terms, metadata, unread_fields, external_id, external_url, external_status, external_modified_at, remote_tag, nullif(birth, 'null'), built_with,
      hash, hash,
      'in_sync', 1, 1, now(), ${readingId}::int, now()
    FROM ROWS FROM (
      unnest(${items.map(({ body }) => body)}::text[]),
      json_to_recordset(${JSON.stringify(items.map((item) => ({ ...columns(item), content_key: item.newKey })))}::json)
        AS (content_key uuid, birth jsonb, ${shortTexts},
        status text, visibility text, built_with text, terms jsonb, metadata jsonb, unread_fields text[], external_id text, external_url text, external_status text,
        external_modified_at timestamptz, remote_tag text, hash text)
    ) AS item (body)
    ON CONFLICT DO NOTHING
    RETURNING id, external_id`;
}

/** Overwrites contents with the current state of their items. */
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
    UPDATE content SET ${textsOfItem},
      status = item.status::content_status, visibility = item.visibility::content_visibility, terms = item.terms, metadata = item.metadata,
      unread_fields = item.unread_fields, external_url = item.external_url, external_status = item.external_status,
      external_modified_at = item.external_modified_at, remote_tag = item.remote_tag,
      birth = nullif(item.birth, 'null'), built_with = item.built_with, base_hash = item.hash,
      remote_hash = item.hash, synced_version = content.local_version, last_synced_at = now(), updated_at = now(),
      seen_by_reading = coalesce(${readingId}::int, seen_by_reading)
    FROM ROWS FROM (
      unnest(${changes.map(({ item }) => item.body)}::text[]),
      json_to_recordset(${JSON.stringify(rows)}::json) AS (id int, ${shortTexts}, status text, visibility text, built_with text,
        terms jsonb, metadata jsonb, unread_fields text[], external_url text, external_status text, external_modified_at timestamptz,
        remote_tag text, birth jsonb, hash text)
    ) AS item (body)
    WHERE content.id = item.id`;
}

/**
 * Updates contents whose shared state is unchanged: the address, date or tag of the item may still be new. An
 * excluded content keeps the hash of its item as well.
 */
export async function keepRows(
  tx: Transaction,
  target: PageTarget,
  pairs: readonly KnownItem[],
): Promise<void> {
  const rows = pairs
    .filter(({ row, item }) => target.readingId !== null || factsDiffer(row, item))
    .map(({ row, item }) => {
      const { external_url, external_status, external_modified_at, remote_tag, birth, built_with, hash } =
        columns(item);
      return {
        id: row.id,
        external_url,
        external_status,
        external_modified_at,
        remote_tag,
        birth,
        built_with,
        unread_fields: unreadWithout(row, item),
        hash,
      };
    });
  if (rows.length === 0) return;
  await tx.$executeRaw`
    UPDATE content SET external_url = item.external_url, external_status = item.external_status,
      external_modified_at = item.external_modified_at, remote_tag = item.remote_tag,
      birth = coalesce(nullif(item.birth, 'null'), content.birth), built_with = item.built_with, unread_fields = item.unread_fields,
      last_synced_at = now(),
      updated_at = CASE WHEN content.external_url IS DISTINCT FROM item.external_url THEN now() ELSE updated_at END,
      -- The hash may be of an earlier version. It then stands for the same state.
      base_hash = CASE WHEN base_hash = remote_hash THEN item.hash ELSE base_hash END, remote_hash = item.hash,
      seen_by_reading = coalesce(${target.readingId}::int, seen_by_reading)
    FROM json_to_recordset(${JSON.stringify(rows)}::json) AS item (id int, external_url text, external_status text,
      external_modified_at timestamptz, remote_tag text, birth jsonb, built_with text, unread_fields text[], hash text)
    WHERE content.id = item.id`;
}

/** The unread fields of an item, without those that were edited here. */
function unreadWithout(row: KnownRow, item: LiveItem): string[] {
  const unread = unreadFieldsOf(item);
  return hasLocalChanges(row) ? unread.filter((field) => row.unreadFields.includes(field)) : unread;
}

function factsDiffer(row: KnownRow, item: LiveItem): boolean {
  const facts = remoteFacts(item);
  return (
    row.externalStatus !== facts.externalStatus ||
    row.externalUrl !== facts.externalUrl ||
    row.externalModifiedAt?.getTime() !== facts.externalModifiedAt?.getTime() ||
    row.remoteTag !== facts.remoteTag ||
    row.builtWith !== item.builtWith ||
    !isDeepStrictEqual(row.unreadFields, unreadWithout(row, item)) ||
    (row.syncState === 'excluded' && row.remoteHash !== item.hash)
  );
}

/** Marks contents as seen by a full reading. */
export async function seeRows(
  tx: Transaction,
  { readingId }: PageTarget,
  ids: readonly number[],
): Promise<void> {
  if (readingId === null || ids.length === 0) return;
  await tx.$executeRaw`UPDATE content SET seen_by_reading = ${readingId} WHERE id = ANY(${[...ids]})`;
}

/** Marks the contents of faulty items as seen by a full reading, because these items exist on the site. */
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

/** Splits a list, because a statement with all texts of a page would be in memory several times. */
function parts<T>(list: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(list.length / textsAtOnce) }, (_, index) =>
    list.slice(index * textsAtOnce, (index + 1) * textsAtOnce),
  );
}
