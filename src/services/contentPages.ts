import type { Transaction } from '../database/client.ts';
import type { Content } from '../database/generated/client.ts';
import type { ItemFault, RemoteContent } from '../platforms/contentPart.ts';
import { contentHash, type SharedState } from './contentHash.ts';
import {
  type ConflictRule,
  hasLocalChanges,
  isOutdated,
  type MergeOutcome,
  markDeletedRemote,
  mergeRemote,
  remoteFacts,
  storedState,
} from './contentMerge.ts';
import { noCreate } from './contentWritten.ts';

/** Where a page belongs. */
export interface PageTarget {
  accountId: number;
  siteId: number;
  contentType: string;
  rule: ConflictRule;
  /** Marks what is seen, so that what is missing on the site shows at the end; null where that is not asked. */
  readingId: number | null;
  /** When this worker began to read: what has changed here since is newer than the page. */
  readSince: Date;
}

/** What became of one item. */
export interface PageEntry {
  outcome: MergeOutcome;
  contentId: number;
  externalId: string;
  modifiedAt: string | null;
}

type KnownRow = Pick<
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

/** How many items with their texts go into one statement. */
const textsAtOnce = 100;

type LiveItem = RemoteContent & { status: 'draft' | 'published'; hash: string };

/**
 * Brings a whole page into what is stored: three statements for what is new, changed or as before, and one by one
 * only what has edits here too. A page stored twice changes nothing. Call it in the transaction of its checkpoint.
 */
export async function storePage(
  tx: Transaction,
  target: PageTarget,
  items: readonly RemoteContent[],
): Promise<PageEntry[]> {
  // A site may send an item twice in a page; the last is the newest.
  const byId = new Map(items.map((item) => [item.externalId, item]));
  const entries: PageEntry[] = [];
  let left = [...byId.values()];
  // What another worker creates in between is no conflict of the database but an item that is now known.
  for (let round = 0; left.length > 0 && round < 3; round += 1)
    left = await storeItems(tx, target, left, entries);
  return entries;
}

/** Marks items that could not be taken as seen: they are there. */
export async function markSeen(
  tx: Transaction,
  target: PageTarget,
  faults: readonly ItemFault[],
): Promise<void> {
  const ids = faults.flatMap(({ externalId }) => (externalId === null ? [] : [externalId]));
  const { siteId, contentType, readingId } = target;
  if (readingId === null || ids.length === 0) return;
  await tx.$executeRaw`
    UPDATE content SET seen_by_reading = ${readingId}
    WHERE site_id = ${siteId} AND content_type = ${contentType} AND external_id = ANY(${ids})`;
}

async function storeItems(
  tx: Transaction,
  target: PageTarget,
  items: readonly RemoteContent[],
  entries: PageEntry[],
): Promise<RemoteContent[]> {
  const known = await holdKnown(tx, target, items);
  const created: LiveItem[] = [];
  const taken: { row: KnownRow; item: LiveItem }[] = [];
  const same: { row: KnownRow; item: LiveItem }[] = [];
  const single: number[] = [];
  const entry = (row: Pick<KnownRow, 'id'>, item: RemoteContent, outcome: MergeOutcome) =>
    entries.push({
      outcome,
      contentId: row.id,
      externalId: item.externalId,
      modifiedAt: item.modifiedAt,
    });
  for (const remote of items) {
    const row = known.get(remote.externalId);
    if (remote.status === null) {
      if (row) entry(row, remote, await withWhole(tx, row, (content) => gone(tx, content, remote)));
      continue;
    }
    const item: LiveItem = {
      ...remote,
      status: remote.status,
      hash: contentHash(stateOf(remote, remote.status)),
    };
    if (!row) created.push(item);
    else if (isNewerHere(row, item, target.readSince)) {
      single.push(row.id);
      entry(row, item, 'outdated');
    } else if (
      row.remoteHash === item.hash &&
      row.syncState !== 'deleted_remote' &&
      row.syncState !== 'conflict'
    )
      same.push({ row, item });
    else if (row.syncState === 'in_sync' && !hasLocalChanges(row)) taken.push({ row, item });
    else {
      const state = stateOf(item, item.status);
      single.push(row.id);
      const merge = (content: Content) => mergeRemote(tx, content, state, remoteFacts(item), target.rule);
      entry(row, item, await withWhole(tx, row, merge));
    }
  }
  for (const part of parts(taken)) await takeAll(tx, target, part);
  for (const { row, item } of taken) entry(row, item, 'updated');
  await keepAll(tx, target, same);
  for (const { row, item } of same) entry(row, item, 'unchanged');
  const ids = new Map<string, number>();
  for (const part of parts(created))
    for (const [externalId, id] of await createAll(tx, target, part)) ids.set(externalId, id);
  await seeAll(tx, target, single);
  return created.filter((item) => {
    const id = ids.get(item.externalId);
    if (id !== undefined) entry({ id }, item, 'created');
    return id === undefined;
  });
}

/** The rows of a page, held until the end of the transaction. One that was sent to the site and whose answer was lost is found by the id that the site keeps. */
async function holdKnown(
  tx: Transaction,
  { siteId, contentType }: PageTarget,
  items: readonly RemoteContent[],
): Promise<Map<string, KnownRow>> {
  const externalIds = items.map((item) => item.externalId);
  const owned = new Map(
    items.flatMap((item) => (item.contentId === null ? [] : [[item.contentId, item.externalId] as const])),
  );
  const rows = await tx.$queryRaw<KnownRow[]>`
    SELECT id, external_id AS "externalId", external_status AS "externalStatus", external_url AS "externalUrl",
      external_modified_at AS "externalModifiedAt", remote_hash AS "remoteHash", remote_tag AS "remoteTag",
      sync_state AS "syncState", local_version AS "localVersion", synced_version AS "syncedVersion",
      updated_at AS "updatedAt"
    FROM content
    WHERE site_id = ${siteId} AND content_type = ${contentType}
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

/** Has a webhook or a push told of something newer while the page was on its way? A site put back to an older state is none. */
function isNewerHere(row: KnownRow, item: RemoteContent, readSince: Date): boolean {
  if (item.modifiedAt === null || row.updatedAt < readSince) return false;
  return isOutdated(row, new Date(item.modifiedAt), new Date());
}

async function withWhole(
  tx: Transaction,
  row: KnownRow,
  act: (content: Content) => Promise<MergeOutcome>,
): Promise<MergeOutcome> {
  return act(await tx.content.findUniqueOrThrow({ where: { id: row.id } }));
}

function gone(tx: Transaction, content: Content, remote: RemoteContent): Promise<MergeOutcome> {
  return markDeletedRemote(tx, content, remoteFacts(remote));
}

export function stateOf(remote: RemoteContent, status: 'draft' | 'published'): SharedState {
  const { title, slug, body, excerpt, terms, metadata } = remote;
  return { title, slug, body, excerpt, status, terms, metadata };
}

/** A whole page of texts in one statement is in memory several times over on its way to the database. */
function parts<T>(list: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(list.length / textsAtOnce) }, (_, index) =>
    list.slice(index * textsAtOnce, (index + 1) * textsAtOnce),
  );
}

/** The columns of an item as JSON, for one statement over all of them. */
function columns(item: LiveItem) {
  const facts = remoteFacts(item);
  return {
    ...storedState(stateOf(item, item.status)),
    external_id: item.externalId,
    external_url: facts.externalUrl,
    external_status: facts.externalStatus,
    external_modified_at: facts.externalModifiedAt?.toISOString() ?? null,
    remote_tag: facts.remoteTag,
    hash: item.hash,
  };
}

async function createAll(
  tx: Transaction,
  { accountId, siteId, contentType, readingId }: PageTarget,
  items: readonly LiveItem[],
): Promise<Map<string, number>> {
  const rows = await tx.$queryRaw<{ id: number; external_id: string }[]>`
    INSERT INTO content (account_id, site_id, content_type, title, slug, body, excerpt, status, terms, metadata,
      external_id, external_url, external_status, external_modified_at, remote_tag, base_hash, remote_hash,
      sync_state, local_version, synced_version, last_synced_at, seen_by_reading, updated_at)
    SELECT ${accountId}, ${siteId}, ${contentType}, title, slug, body, excerpt, status::content_status, terms,
      metadata, external_id, external_url, external_status, external_modified_at, remote_tag, hash, hash,
      'in_sync', 1, 1, now(), ${readingId}::int, now()
    FROM json_to_recordset(${JSON.stringify(items.map(columns))}::json) AS item (title text, slug text, body text,
      excerpt text, status text, terms jsonb, metadata jsonb, external_id text, external_url text,
      external_status text, external_modified_at timestamptz, remote_tag text, hash text)
    ON CONFLICT (site_id, content_type, external_id) DO NOTHING
    RETURNING id, external_id`;
  return new Map(rows.map((row) => [row.external_id, row.id]));
}

async function takeAll(
  tx: Transaction,
  { readingId }: PageTarget,
  changes: readonly { row: KnownRow; item: LiveItem }[],
): Promise<void> {
  const rows = changes.map(({ row, item }) => ({ id: row.id, ...columns(item) }));
  await tx.$executeRaw`
    UPDATE content SET title = item.title, slug = item.slug, body = item.body, excerpt = item.excerpt,
      status = item.status::content_status, terms = item.terms, metadata = item.metadata,
      external_url = item.external_url, external_status = item.external_status,
      external_modified_at = item.external_modified_at, remote_tag = item.remote_tag, base_hash = item.hash,
      remote_hash = item.hash, synced_version = content.local_version, last_synced_at = now(), updated_at = now(),
      seen_by_reading = coalesce(${readingId}::int, seen_by_reading)
    FROM json_to_recordset(${JSON.stringify(rows)}::json) AS item (id int, title text, slug text, body text,
      excerpt text, status text, terms jsonb, metadata jsonb, external_url text, external_status text,
      external_modified_at timestamptz, remote_tag text, hash text)
    WHERE content.id = item.id`;
}

/** What is as it was may still have another address, date or tag. */
async function keepAll(
  tx: Transaction,
  target: PageTarget,
  pairs: readonly { row: KnownRow; item: LiveItem }[],
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

async function seeAll(tx: Transaction, { readingId }: PageTarget, ids: readonly number[]): Promise<void> {
  if (readingId === null || ids.length === 0) return;
  await tx.$executeRaw`UPDATE content SET seen_by_reading = ${readingId} WHERE id = ANY(${[...ids]})`;
}
