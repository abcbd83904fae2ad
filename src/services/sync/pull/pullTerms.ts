import { isDeepStrictEqual } from 'node:util';
import type { Transaction } from '../../../database/client.ts';
import { RemoteError } from '../../../errors.ts';
import type { TypeOfSite } from '../../../platforms/contentPart.ts';
import type { RemoteTerm } from '../../../platforms/remoteContent.ts';
import type { TermNames } from '../../content/termChange.ts';
import type { EventLog } from '../../events/eventLog.ts';
import type { ContentRun } from '../phaseContext.ts';
import { type PlacedTerm, storedTerms, TermChanges, type TermDifference } from './termChanges.ts';
import { noted, noteEvent, type UnreadNote } from './unreadNotes.ts';

interface Parts {
  events: EventLog;
  now: () => number;
}

/**
 * Stores the terms of a site's taxonomies. A term that is gone from the site is deleted here too. The contents that
 * hold a renamed, moved or deleted term follow before the term itself is stored: a run that continues finds the change again.
 */
export class TermSync {
  readonly #parts: Parts;
  readonly #changes: TermChanges;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#changes = new TermChanges(parts);
  }

  /**
   * Reads every taxonomy of the run. A taxonomy that cannot be read is reported, and the others are still
   * read. Throws RemoteError for a retryable fault of the site.
   */
  async pull(run: ContentRun): Promise<void> {
    if (run.ledger.checkpoint.termsRead) return;
    for (const taxonomy of run.taxonomies) await this.#readTaxonomy(run, taxonomy);
    await run.ledger.step(async () => ({ checkpoint: { termsRead: true } }));
  }

  async #readTaxonomy(run: ContentRun, taxonomy: TypeOfSite): Promise<void> {
    const seen: string[] = [];
    const tree = new Map<string, PlacedTerm>();
    const changed: RemoteTerm[] = [];
    const changes: TermDifference[] = [];
    let notes: UnreadNote[] = [];
    try {
      for await (const terms of run.session.readTerms(taxonomy)) {
        run.signal.throwIfAborted();
        const ids = terms.map((term) => term.externalId);
        seen.push(...ids);
        notes = noted(notes, terms);
        const stored = await storedTerms(run, taxonomy.slug, { in: ids });
        const same: RemoteTerm[] = [];
        for (const read of terms) {
          const term = withStoredNames(read, stored.get(read.externalId));
          if (term.slug === '') continue;
          const { externalId, slug, name, parentExternalId } = term;
          const now = { slug, name, parentExternalId };
          tree.set(externalId, now);
          const was = stored.get(externalId);
          const isSame = was === undefined || isDeepStrictEqual(was, now);
          if (!isSame) changes.push({ externalId, was, now });
          (isSame ? same : changed).push(term);
        }
        await run.ledger.step(async (tx) => {
          await storeTerms(tx, run, taxonomy.slug, same);
          return {};
        });
      }
    } catch (error) {
      // A taxonomy may need rights of its own. The others can still be read.
      if (!(error instanceof RemoteError) || error.retryable) throw error;
      await run.ledger.step(async (tx) => {
        await this.#parts.events.record(tx, {
          ...run.owner,
          type: 'sync',
          action: 'terms_failed',
          success: false,
          error: error.message,
          details: { taxonomy: taxonomy.slug, code: error.code, run_id: run.ledger.run.id },
        });
        await this.#tellUnread(tx, run, taxonomy, notes);
        return { totals: { failed: 1 }, troubles: [`Terms of ${taxonomy.slug}: ${error.message}`] };
      });
      return;
    }
    const gone = await storedTerms(run, taxonomy.slug, { notIn: seen });
    for (const [externalId, was] of gone) changes.push({ externalId, was, now: null });
    await this.#changes.apply(run, taxonomy, changes, tree);
    await run.ledger.step(async (tx) => {
      await storeTerms(tx, run, taxonomy.slug, changed);
      await tx.$executeRaw`
        DELETE FROM site_term
        WHERE site_id = ${run.owner.siteId} AND platform = ${run.integration.platform}
          AND taxonomy = ${taxonomy.slug} AND NOT external_id = ANY(${seen})`;
      await this.#tellUnread(tx, run, taxonomy, notes);
      return {};
    });
  }

  async #tellUnread(
    tx: Transaction,
    run: ContentRun,
    { slug: taxonomy }: TypeOfSite,
    notes: readonly UnreadNote[],
  ): Promise<void> {
    const reading = { runId: run.ledger.run.id, taxonomy };
    await this.#parts.events.recordAll(
      tx,
      notes.map((note) => noteEvent(run.owner, reading, note)),
    );
  }
}

/** The term with its stored names in place of those that cannot be read. */
function withStoredNames(term: RemoteTerm, stored: TermNames | undefined): RemoteTerm {
  if (term.unread === undefined || stored === undefined) return term;
  const isUnread = (name: string) => term.unread?.some(({ field }) => field === name);
  return {
    ...term,
    slug: isUnread('slug') ? stored.slug : term.slug,
    name: isUnread('name') ? stored.name : term.name,
  };
}

async function storeTerms(
  tx: Transaction,
  run: ContentRun,
  taxonomy: string,
  terms: readonly RemoteTerm[],
): Promise<void> {
  const unique = [...new Map(terms.map((term) => [term.externalId, term])).values()];
  if (unique.length === 0) return;
  const rows = unique.map(({ externalId, parentExternalId, slug, name, count }) => ({
    external_id: externalId,
    parent_external_id: parentExternalId,
    slug,
    name,
    count,
  }));
  await tx.$executeRaw`
    INSERT INTO site_term (account_id, site_id, platform, taxonomy, external_id, parent_external_id, slug, name, count, last_synced_at)
    SELECT ${run.owner.accountId}, ${run.owner.siteId}, ${run.integration.platform}, ${taxonomy}, external_id, parent_external_id, slug, name, count, now()
    FROM json_to_recordset(${JSON.stringify(rows)}::json)
      AS term (external_id text, parent_external_id text, slug text, name text, count int)
    ON CONFLICT (site_id, taxonomy, external_id, platform) DO UPDATE SET parent_external_id = excluded.parent_external_id,
      slug = excluded.slug, name = excluded.name, count = excluded.count, last_synced_at = excluded.last_synced_at,
      deleted = false`;
}
