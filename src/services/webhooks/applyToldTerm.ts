import type { Database, Transaction } from '../../database/client.ts';
import type { SiteTerm, WebhookDelivery } from '../../database/generated/client.ts';
import type { ToldTerm } from '../../platforms/webhookPart.ts';
import { changeTerm, renewHashes, type TermChange } from '../content/termChange.ts';
import { pathDownTo } from '../content/termPath.ts';
import { configOf } from '../integrations/integrationConfig.ts';
import { linksHold, readSiteFacts } from './siteFacts.ts';
import { isOlder, type SiteOutcome } from './siteMessage.ts';

type Of = Pick<WebhookDelivery, 'siteId'>;

/** Locks the terms of a taxonomy until the end of the transaction, so that changes to them follow one another. */
export async function lockTaxonomy(tx: Transaction, siteId: number, taxonomy: string): Promise<void> {
  const name = `terms:${siteId}:${taxonomy}`;
  await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${name}, 0))::text`;
}

/** Prepares the contents that hold a term for `applyToldTerm`, in transactions of its own. */
export async function prepareForTerm(
  db: Database,
  platform: string,
  { siteId }: Of,
  term: ToldTerm,
): Promise<void> {
  const known = await db.siteTerm.findUnique({ where: keyOf(siteId, platform, term) });
  const slugs = slugsOf(term, known);
  await renewHashes(db, siteId, { taxonomy: term.taxonomy, slugs, now: null, path: null, instead: null });
}

/**
 * Applies a message about a term to the terms of the site and to all contents that hold the term, in the caller's
 * transaction, which holds the lock of the taxonomy. A message that is older than the last reading, and that says
 * otherwise, changes nothing and has the site read. The site is read too if the message alone leaves a doubt: the
 * parent is unknown or below the term, another term has the same slug, or links contain the slug.
 */
export async function applyToldTerm(
  tx: Transaction,
  platform: string,
  { siteId }: Of,
  term: ToldTerm,
): Promise<SiteOutcome> {
  const integration = await tx.siteIntegration.findUnique({
    where: { siteId_platform: { siteId, platform } },
    select: { id: true, accountId: true, config: true, siteFacts: true },
  });
  const about = { taxonomy: term.taxonomy, term: term.externalId, slug: term.slug };
  const outcome = (result: SiteOutcome['result'], more = {}, reads = false): SiteOutcome => ({
    result,
    integrationId: integration?.id ?? null,
    details: { ...about, ...more },
    reads,
  });
  const structure = integration && configOf(integration).contentTypes;
  const isSynced = structure === null || own(structure?.taxonomies, term.taxonomy)?.enabled === true;
  if (integration === null || !isSynced) return outcome('taxonomy_not_synced');
  const known = await tx.siteTerm.findUnique({ where: keyOf(siteId, platform, term) });
  if (isOlder(term.at, known?.toldAt ?? null, new Date())) return outcome('outdated');
  const readAt = await lastReading(tx, siteId, platform, term.taxonomy);
  // The clocks of both sides may differ, so a reading decides.
  if (isChanged(term, known) && isOlder(term.at, readAt, new Date())) return outcome('outdated', {}, true);

  await storeTerm(tx, { accountId: integration.accountId, siteId, platform }, term, known);
  const asked = slugsOf(term, known);
  const taken = await tx.siteTerm.findMany({
    where: {
      siteId,
      platform,
      taxonomy: term.taxonomy,
      slug: { in: asked },
      externalId: { not: term.externalId },
      deleted: false,
    },
    select: { slug: true },
  });
  // A slug is unique in its taxonomy. A message about the other term is missing, so contents with this slug may hold
  // either of them.
  const slugs = asked.filter((slug) => !taken.some((other) => other.slug === slug));
  const path = await pathOf(tx, siteId, platform, term);
  const change: TermChange = {
    taxonomy: term.taxonomy,
    slugs,
    now: term.deleted ? null : { slug: term.slug, name: term.name },
    path,
    instead: term.deleted ? term.instead : null,
  };
  const contentTypes = Object.keys(structure?.post_types ?? {});
  const contents = await changeTerm(tx, { siteId, platform, contentTypes }, change);
  const changesLinks =
    linksHold(readSiteFacts(integration.siteFacts), term.taxonomy) && isElsewhere(term, known);
  if (changesLinks)
    await tx.siteIntegration.update({ where: { id: integration.id }, data: { linksChangedAt: new Date() } });
  const isNews = contents > 0 || isChanged(term, known);
  return outcome(
    isNews ? 'updated' : 'unchanged',
    { contents, deleted: term.deleted },
    taken.length > 0 || path === null || changesLinks,
  );
}

/** When the taxonomy was last read, in whole seconds, as messages have no more; null if it was never read. */
async function lastReading(
  tx: Transaction,
  siteId: number,
  platform: string,
  taxonomy: string,
): Promise<Date | null> {
  const { _max: last } = await tx.siteTerm.aggregate({
    where: { siteId, platform, taxonomy },
    _max: { lastSyncedAt: true },
  });
  const { lastSyncedAt } = last;
  return lastSyncedAt === null ? null : new Date(Math.floor(lastSyncedAt.getTime() / 1000) * 1000);
}

function keyOf(siteId: number, platform: string, { taxonomy, externalId }: ToldTerm) {
  return { siteId_taxonomy_externalId_platform: { siteId, taxonomy, externalId, platform } };
}

/** The slugs under which contents may hold the term. */
function slugsOf({ slug, oldSlug }: ToldTerm, known: SiteTerm | null): string[] {
  return [
    ...new Set([slug, ...(oldSlug === null ? [] : [oldSlug]), ...(known === null ? [] : [known.slug])]),
  ];
}

function isChanged(term: ToldTerm, known: SiteTerm | null): boolean {
  if (known === null) return !term.deleted;
  return known.deleted !== term.deleted || known.name !== term.name || isElsewhere(term, known);
}

/** Do links that contain the path of the term change? */
function isElsewhere(term: ToldTerm, known: SiteTerm | null): boolean {
  const before = term.oldSlug ?? known?.slug ?? term.slug;
  const moved = known !== null && known.parentId !== term.parentExternalId;
  return term.deleted || before !== term.slug || moved;
}

/** Stores the term. A deleted term stays as a mark until its taxonomy is read, and its children move up. */
async function storeTerm(
  tx: Transaction,
  owner: { accountId: number; siteId: number; platform: string },
  term: ToldTerm,
  known: SiteTerm | null,
): Promise<void> {
  const { siteId, platform } = owner;
  const { taxonomy, externalId, slug, name, deleted } = term;
  const parentId = term.parentExternalId;
  const data = { slug, name, parentId, deleted, toldAt: new Date(term.at) };
  await tx.siteTerm.upsert({
    where: keyOf(siteId, platform, term),
    create: { ...owner, taxonomy, externalId, ...data, lastSyncedAt: new Date(0) },
    update: data,
  });
  if (!deleted) return;
  await tx.siteTerm.updateMany({
    where: { siteId, platform, taxonomy, parentId: externalId },
    data: { parentId: parentId ?? known?.parentId ?? null },
  });
}

/** The path down to the term, or down to the parent of a deleted term; null if it is unknown. */
async function pathOf(
  tx: Transaction,
  siteId: number,
  platform: string,
  term: ToldTerm,
): Promise<string[] | null> {
  const place = { slug: term.slug, parentId: term.parentExternalId };
  const path = await pathDownTo(term.externalId, place, async (externalId) => {
    const parent = await tx.siteTerm.findUnique({ where: keyOf(siteId, platform, { ...term, externalId }) });
    return parent === null || parent.deleted ? null : parent;
  });
  return term.deleted ? (path?.slice(0, -1) ?? null) : path;
}

/** The entry of a slug from outside. Never an inherited property, such as `constructor`. */
function own<T>(record: Record<string, T> | undefined, slug: string): T | undefined {
  return record && Object.hasOwn(record, slug) ? record[slug] : undefined;
}
