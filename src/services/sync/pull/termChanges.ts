/** Terms that a site has renamed or deleted, and the contents that hold them. */
import type { Transaction } from '../../../database/client.ts';
import { type Content, Prisma } from '../../../database/generated/client.ts';
import type { TypeOfSite } from '../../../platforms/contentPart.ts';
import type { ContentTerm, RemoteContent, RemoteTerm } from '../../../platforms/remoteContent.ts';
import { hasLocalChanges } from '../../content/merge.ts';
import { contentHash, isHashOf, remoteState, sharedState } from '../../content/sharedState.ts';
import type { EventLog } from '../../events/eventLog.ts';
import { typeOfSite } from '../openSession.ts';
import type { ContentRun } from '../phaseContext.ts';
import { ComparedItems } from './comparedItems.ts';

/** How many contents one step changes, and how many items one request reads. */
const contentsAtOnce = 100;

/** A term as it is stored here, and as the site has it now; null if the site has deleted it. */
export interface TermChange {
  externalId: string;
  was: Pick<RemoteTerm, 'slug' | 'name'>;
  now: Pick<RemoteTerm, 'slug' | 'name'> | null;
}

type Renamed = TermChange & { now: NonNullable<TermChange['now']> };
type Holder = Pick<Content, 'id' | 'contentType' | 'externalId' | 'localVersion' | 'syncedVersion'>;

interface Parts {
  events: EventLog;
  now: () => number;
}

/** Applies the changed terms of a taxonomy to all contents that hold them. */
export class TermChanges {
  readonly #events: EventLog;
  readonly #items: ComparedItems;

  constructor(parts: Parts) {
    this.#events = parts.events;
    this.#items = new ComparedItems(parts);
  }

  /**
   * Renames terms in their contents, and reads the items of contents with a deleted term again, because the site may
   * have given them another. A step that was done is not done again by a run that continues. Throws RemoteError,
   * RunLost.
   * @param present the slugs that the terms of the taxonomy have now.
   */
  async apply(
    run: ContentRun,
    taxonomy: TypeOfSite,
    changes: readonly TermChange[],
    present: ReadonlySet<string>,
  ): Promise<void> {
    const [first] = run.types;
    // After a full reading of perhaps another site, every content has the terms of that site.
    if (changes.length === 0 || first === undefined || run.integration.movedAt !== null) return;
    await run.mustBeSameSite(first);
    const renamed = changes.filter((change): change is Renamed => change.now !== null);
    // If a term has got the former slug of another, the slug in a content does not tell the terms apart.
    const isClear = ({ was, now }: Renamed) => was.slug === now.slug || !present.has(was.slug);
    const clear = renamed.filter(isClear);
    const found = await this.#rename(run, taxonomy.slug, clear);
    const unclear = changes.filter((change) => !clear.some((each) => each === change));
    await this.#readAgain(run, taxonomy.slug, unclear, found);
    await run.ledger.step(async (tx) => {
      await this.#events.recordAll(
        tx,
        changes.map(({ externalId, was, now }) => ({
          ...run.owner,
          type: 'sync' as const,
          action: 'term_changed' as const,
          details: {
            taxonomy: taxonomy.slug,
            external_id: externalId,
            was: { ...was },
            now: now === null ? null : { ...now },
            contents: found.get(was.slug) ?? 0,
            run_id: run.ledger.run.id,
          },
        })),
      );
      return {};
    });
  }

  /** Returns how many contents held each slug. */
  async #rename(
    run: ContentRun,
    taxonomy: string,
    changes: readonly Renamed[],
  ): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    const slugs = changes.map(({ was }) => was.slug);
    for await (const holders of holdersOf(run, taxonomy, slugs)) {
      const edited = holders.filter((each) => each.externalId !== null && hasLocalChanges(each));
      const items = await itemsOf(run, edited);
      await run.ledger.step(async (tx) => {
        const rows = await lockedContents(tx, holders);
        await storeTerms(
          tx,
          rows.map((row) => termColumns(row, taxonomy, changes, items.get(row.id))),
        );
        count(found, taxonomy, rows, slugs);
        return { totals: { updated: rows.length } };
      });
    }
    return found;
  }

  /** Reads the items of contents that hold a term. Sessions that find every change read them anyway. */
  async #readAgain(
    run: ContentRun,
    taxonomy: string,
    changes: readonly TermChange[],
    found: Map<string, number>,
  ): Promise<void> {
    const slugs = changes.map(({ was }) => was.slug);
    for await (const holders of holdersOf(run, taxonomy, slugs)) {
      const rows = await run.db.content.findMany({ where: { id: { in: holders.map(({ id }) => id) } } });
      count(found, taxonomy, rows, slugs);
      if (run.session.findsEveryChange) continue;
      for (const type of run.types) {
        const ids = idsOf(holders, type.slug);
        if (ids.length === 0) continue;
        const target = this.#items.targetOf(run, type);
        const read = await run.session.read(type.type, ids);
        await this.#items.store(run, type, target, read);
      }
    }
  }
}

/** The contents with a term of these slugs, in parts. A slug may also be a part of a path such as `world/europe`. */
async function* holdersOf(
  { db, owner, integration, signal }: ContentRun,
  taxonomy: string,
  slugs: readonly string[],
): AsyncGenerator<Holder[]> {
  for (let after = 0; slugs.length > 0; ) {
    signal.throwIfAborted();
    const rows = await db.$queryRaw<Holder[]>`
      SELECT id, content_type AS "contentType", external_id AS "externalId", local_version AS "localVersion",
        synced_version AS "syncedVersion"
      FROM content
      WHERE site_id = ${owner.siteId} AND id > ${after}
        AND coalesce(platform, ${integration.platform}) = ${integration.platform}
        AND EXISTS (SELECT FROM jsonb_array_elements(terms) AS term
          WHERE term->>'taxonomy' = ${taxonomy} AND string_to_array(term->>'slug', '/') && ${[...slugs]}::text[])
      ORDER BY id LIMIT ${contentsAtOnce}`;
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    after = last.id;
  }
}

/** The items of contents as they are now, by the ids of the contents. */
async function itemsOf(run: ContentRun, holders: readonly Holder[]): Promise<Map<number, RemoteContent>> {
  const found = new Map<number, RemoteContent>();
  for (const slug of new Set(holders.map(({ contentType }) => contentType))) {
    const read = await run.session.read(typeOfSite(run.integration, slug), idsOf(holders, slug));
    for (const item of read.items) {
      const holder = holders.find((each) => each.contentType === slug && each.externalId === item.externalId);
      if (holder !== undefined) found.set(holder.id, item);
    }
  }
  return found;
}

function idsOf(holders: readonly Holder[], contentType: string): string[] {
  return holders.flatMap((holder) =>
    holder.contentType === contentType && holder.externalId !== null ? [holder.externalId] : [],
  );
}

async function lockedContents(tx: Transaction, holders: readonly Holder[]): Promise<Content[]> {
  const ids = holders.map(({ id }) => id);
  await tx.$queryRaw`SELECT id FROM content WHERE id = ANY(${ids}) ORDER BY id FOR UPDATE`;
  return tx.content.findMany({ where: { id: { in: ids } }, orderBy: { id: 'asc' } });
}

/**
 * The terms of a content after the change, and the hashes on which both sides agree. The hash of a content with edits
 * follows only if its item shows that the site has changed nothing but terms: all terms if none was edited here, else
 * the renamed terms.
 */
function termColumns(
  row: Content,
  taxonomy: string,
  changes: readonly Renamed[],
  item: RemoteContent | undefined,
) {
  const before = sharedState(row);
  const terms = renamedTerms(before.terms, taxonomy, changes);
  const columns = { id: row.id, terms, base_hash: row.baseHash, remote_hash: row.remoteHash };
  if (!hasLocalChanges(row)) {
    const hash = contentHash({ ...before, terms });
    const follows = (stored: string | null) => (isHashOf(stored, before) ? hash : stored);
    return { ...columns, base_hash: follows(row.baseHash), remote_hash: follows(row.remoteHash) };
  }
  if (item === undefined || item.status === null) return columns;
  const there = remoteState(item, item.status);
  const isUnedited = isHashOf(row.baseHash, { ...there, terms: before.terms });
  if (isUnedited) {
    const agreed = contentHash(there);
    return { ...columns, terms: there.terms, base_hash: agreed, remote_hash: agreed };
  }
  const back = changes.map((change) => ({ ...change, was: change.now, now: change.was }));
  const isOnlyRenamed = isHashOf(row.baseHash, {
    ...there,
    terms: renamedTerms(there.terms, taxonomy, back),
  });
  const hash = contentHash(there);
  return isOnlyRenamed ? { ...columns, base_hash: hash, remote_hash: hash } : columns;
}

/** Gives terms the slugs and names that the site has given them. Other parts of a path stay. */
export function renamedTerms(
  terms: readonly ContentTerm[],
  taxonomy: string,
  changes: readonly Pick<Renamed, 'was' | 'now'>[],
): ContentTerm[] {
  const bySlug = new Map(changes.map(({ was, now }) => [was.slug, now]));
  return terms.map((term) => {
    if (term.taxonomy !== taxonomy) return term;
    const path = term.slug.split('/');
    const now = bySlug.get(path.at(-1) ?? '');
    const slug = path.map((part) => bySlug.get(part)?.slug ?? part).join('/');
    return { ...term, slug, name: now?.name ?? term.name };
  });
}

async function storeTerms(tx: Transaction, rows: readonly ReturnType<typeof termColumns>[]): Promise<void> {
  await tx.$executeRaw`
    UPDATE content SET terms = changed.terms, base_hash = changed.base_hash, remote_hash = changed.remote_hash,
      remote_tag = NULL, updated_at = now()
    FROM json_to_recordset(${JSON.stringify(rows)}::json)
      AS changed (id int, terms jsonb, base_hash text, remote_hash text)
    WHERE content.id = changed.id`;
}

function count(
  found: Map<string, number>,
  taxonomy: string,
  rows: readonly Content[],
  slugs: readonly string[],
): void {
  for (const row of rows) {
    const held = new Set(
      sharedState(row).terms.flatMap((term) => (term.taxonomy === taxonomy ? term.slug.split('/') : [])),
    );
    for (const slug of slugs) if (held.has(slug)) found.set(slug, (found.get(slug) ?? 0) + 1);
  }
}

/** The stored terms with these ids, or all terms without the given ids. */
export async function storedTerms(
  run: ContentRun,
  taxonomy: string,
  ids: { in: string[] } | { notIn: string[] },
): Promise<Map<string, Pick<RemoteTerm, 'slug' | 'name'>>> {
  const { siteId } = run.owner;
  const { platform } = run.integration;
  const condition =
    'in' in ids ? Prisma.sql`external_id = ANY(${ids.in})` : Prisma.sql`NOT external_id = ANY(${ids.notIn})`;
  const rows = await run.db.$queryRaw<{ external_id: string; slug: string; name: string }[]>`
    SELECT external_id, slug, name FROM site_term
    WHERE site_id = ${siteId} AND platform = ${platform} AND taxonomy = ${taxonomy} AND ${condition}`;
  return new Map(rows.map(({ external_id, slug, name }) => [external_id, { slug, name }]));
}
