/** Terms that a site has renamed, moved or deleted, and the contents that hold them. */
import { Prisma } from '../../../database/generated/client.ts';
import type { TypeOfSite } from '../../../platforms/contentPart.ts';
import {
  changeTerm,
  holdersAfter,
  renewHashes,
  type TermHolder,
  type TermNames,
} from '../../content/termChange.ts';
import { pathDownTo } from '../../content/termPath.ts';
import type { EventLog } from '../../events/eventLog.ts';
import { type ContentRun, presentTypes } from '../phaseContext.ts';
import { ComparedItems } from './comparedItems.ts';
import { checkTermLinks } from './termLinks.ts';

/** How many items one request reads. */
const itemsAtOnce = 100;

/** A term and its place in its taxonomy. */
export interface PlacedTerm extends TermNames {
  parentExternalId: string | null;
}

/** A term as it is stored here, and as the site has it now; null if the site has deleted it. */
export interface TermDifference {
  externalId: string;
  was: PlacedTerm;
  now: PlacedTerm | null;
}

type Renamed = TermDifference & { now: PlacedTerm };

interface Parts {
  events: EventLog;
  now: () => number;
}

/** Applies the changed terms of a taxonomy to all contents that hold them. */
export class TermChanges {
  readonly #parts: Parts;
  readonly #items: ComparedItems;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#items = new ComparedItems(parts);
  }

  /**
   * Renames and moves terms in their contents, and reads the items of contents with a deleted term again, because the site may
   * have given them another. A step that was done is not done again by a run that continues. Throws RemoteError,
   * RunLost.
   * @param tree all terms that the taxonomy has now, by their ids.
   */
  async apply(
    run: ContentRun,
    type: TypeOfSite,
    differences: readonly TermDifference[],
    tree: ReadonlyMap<string, PlacedTerm>,
  ): Promise<void> {
    const { slug: taxonomy } = type;
    const [first] = run.types;
    // After a full reading of perhaps another site, every content has the terms of that site.
    if (differences.length === 0 || first === undefined || run.integration.movedAt !== null) return;
    await run.mustBeSameSite(first);
    const present = new Set([...tree.values()].map(({ slug }) => slug));
    // If a term has got the former slug of another, the slug in a content does not tell the terms apart.
    const isClear = ({ was, now }: TermDifference) =>
      now !== null && (was.slug === now.slug || !present.has(was.slug));
    for (const each of differences) {
      const contents =
        each.now !== null && isClear(each)
          ? await this.#rename(run, taxonomy, { ...each, now: each.now }, tree)
          : await this.#readAgain(run, { taxonomy, slugs: [each.was.slug] });
      await this.#tell(run, taxonomy, each, contents);
    }
    const elsewhere = differences.filter(
      ({ was, now }) => was.slug !== now?.slug || was.parentExternalId !== now.parentExternalId,
    );
    await checkTermLinks(
      run,
      this.#parts,
      type,
      elsewhere.map(({ was }) => was.slug),
    );
  }

  async #tell(
    run: ContentRun,
    taxonomy: string,
    { externalId, was, now }: TermDifference,
    contents: number,
  ): Promise<void> {
    await run.ledger.step(async (tx) => {
      await this.#parts.events.record(tx, {
        ...run.owner,
        type: 'sync',
        action: 'term_changed',
        details: {
          taxonomy,
          external_id: externalId,
          was: shown(was),
          now: now === null ? null : shown(now),
          contents,
          run_id: run.ledger.run.id,
        },
      });
      return {};
    });
  }

  /** Returns how many contents have changed. */
  async #rename(
    run: ContentRun,
    taxonomy: string,
    { externalId, was, now: place }: Renamed,
    tree: ReadonlyMap<string, PlacedTerm>,
  ): Promise<number> {
    const { siteId, platform } = run.integration;
    const now = { slug: place.slug, name: place.name };
    const slugs = [...new Set([was.slug, now.slug])];
    const inTree = ({ slug, parentExternalId: parentId }: PlacedTerm) => ({ slug, parentId });
    const path = await pathDownTo(externalId, inTree(place), (id) => {
      const parent = tree.get(id);
      return parent === undefined ? null : inTree(parent);
    });
    const change = { taxonomy, slugs, now, path, instead: null };
    await renewHashes(run.db, siteId, change);
    const owner = { siteId, platform, contentTypes: run.types.map(({ slug }) => slug) };
    let contents = 0;
    await run.ledger.step(async (tx) => {
      contents = await changeTerm(tx, owner, change);
      return { totals: { updated: contents } };
    });
    return contents;
  }

  /**
   * Reads the items of contents that hold a term. Sessions that find every change read them anyway. Returns how many
   * contents held the term.
   */
  async #readAgain(run: ContentRun, term: { taxonomy: string; slugs: string[] }): Promise<number> {
    let contents = 0;
    for (let after = 0; ; ) {
      run.signal.throwIfAborted();
      const holders = await holdersAfter(run.db, run.integration, term, { after, limit: itemsAtOnce });
      const last = holders.at(-1);
      if (last === undefined) return contents;
      contents += holders.length;
      after = last.id;
      if (run.session.findsEveryChange) continue;
      for (const type of presentTypes(run)) {
        const ids = idsOf(holders, type.slug);
        if (ids.length === 0) continue;
        const read = await run.session.read(type.type, ids);
        await this.#items.store(run, type, this.#items.targetOf(run, type), read);
      }
    }
  }
}

/** A term as an event tells of it. */
function shown({ slug, name, parentExternalId: parent }: PlacedTerm) {
  return { slug, name, parent };
}

function idsOf(holders: readonly TermHolder[], contentType: string): string[] {
  return holders.flatMap((holder) =>
    holder.contentType === contentType && holder.externalId !== null ? [holder.externalId] : [],
  );
}

/** The stored terms with these ids, or all terms without the given ids. */
export async function storedTerms(
  run: ContentRun,
  taxonomy: string,
  ids: { in: string[] } | { notIn: string[] },
): Promise<Map<string, PlacedTerm>> {
  const { siteId } = run.owner;
  const { platform } = run.integration;
  const condition =
    'in' in ids
      ? Prisma.sql`external_id = ANY(${ids.in})`
      : Prisma.sql`NOT external_id = ANY(${ids.notIn}) AND NOT deleted`;
  const rows = await run.db.$queryRaw<Array<PlacedTerm & { externalId: string }>>`
    SELECT external_id AS "externalId", slug, name, parent_external_id AS "parentExternalId" FROM site_term
    WHERE site_id = ${siteId} AND platform = ${platform} AND taxonomy = ${taxonomy} AND ${condition}`;
  return new Map(rows.map(({ externalId, ...term }) => [externalId, term]));
}
