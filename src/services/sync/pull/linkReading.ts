/** Reads the links of contents again, by ids and links alone, after the base of a site's links has changed. */
import { z } from 'zod';
import type { Transaction } from '../../../database/client.ts';
import type { TypeSync } from '../../../database/generated/client.ts';
import { LINKS_AT_ONCE, type LinkBase } from '../../../platforms/contentPart.ts';
import type { EventLog } from '../../events/eventLog.ts';
import { configOf } from '../../integrations/integrationConfig.ts';
import { type ContentRun, presentTypes, type TypeToSync } from '../phaseContext.ts';
import { knownContents } from './knownContents.ts';
import { probeLinks } from './linkProbe.ts';

const linkBaseShape = z.object({ home: z.string().nullable(), rules: z.string().nullable() });

interface Parts {
  events: EventLog;
  now: () => number;
}

/** Are the links of a type older than the last change of their base? */
export function areLinksDue(
  row: Pick<TypeSync, 'linksReadAt'> | null | undefined,
  changedAt: Date | null,
): boolean {
  return changedAt !== null && row?.linksReadAt != null ? row.linksReadAt < changedAt : changedAt !== null;
}

/**
 * The base has changed if a webhook, a new address or a run has noted it (`linksChangedAt`), or if the platform says
 * another base than at the last reading. A reading of links changes no text and makes no conflict.
 */
export class LinkReading {
  readonly #events: EventLog;
  readonly #now: () => number;

  constructor({ events, now }: Parts) {
    this.#events = events;
    this.#now = now;
  }

  /**
   * Reads the links that may have changed. A run that continues goes on behind the last stored link. `mayBeUnseen`: the
   * run has not compared every item, so the site is asked for some links first.
   */
  async read(run: ContentRun, { mayBeUnseen }: { mayBeUnseen: boolean }): Promise<void> {
    const { db, session, integration } = run;
    const noted = await db.siteIntegration.findUniqueOrThrow({
      where: { id: integration.id },
      select: { linksChangedAt: true },
    });
    const probing = { events: this.#events, now: this.#now };
    const linksChangedAt = noted.linksChangedAt ?? (mayBeUnseen ? await probeLinks(run, probing) : null);
    const rows = await db.typeSync.findMany({ where: { integrationId: integration.id } });
    for (const type of presentTypes(run)) {
      const row = rows.find(({ contentType }) => contentType === type.slug);
      const base = session.linkBase?.(type.type) ?? null;
      if (row === undefined) continue;
      const isDue = areLinksDue(row, linksChangedAt) || hasOtherBase(row, base);
      if (isDue && session.readLinks !== undefined)
        await this.#readType(run, type).catch((error: unknown) => run.leaveOut(type.slug, error));
      await this.#keepBase(run, type, row, base);
    }
    if (linksChangedAt !== null) await this.#settle(run, linksChangedAt);
  }

  async #readType(run: ContentRun, type: TypeToSync): Promise<void> {
    const { ledger, db } = run;
    const { siteId, platform } = run.integration;
    const { links } = ledger.checkpoint;
    const isBegun = links?.type === type.slug;
    let after = isBegun ? links.after : null;
    let changed = isBegun ? links.changed : 0;
    const begunAt = isBegun ? links.begunAt : new Date(this.#now()).toISOString();
    const known = knownContents(db, { siteId, platform, contentType: type.slug });
    for (;;) {
      run.signal.throwIfAborted();
      const ids: string[] = [...(await known.after(after, LINKS_AT_ONCE)).keys()];
      const last = ids.at(-1);
      if (last === undefined) break;
      const found = (await run.session.readLinks?.(type.type, ids)) ?? new Map();
      if (found.size > 0) await run.mustBeSameSite(type);
      await ledger.step(async (tx) => {
        changed += await storeLinks(tx, run, type.slug, found);
        return { checkpoint: { links: { type: type.slug, after: last, changed, begunAt } } };
      });
      after = last;
    }
    await ledger.step(async (tx) => {
      await tx.typeSync.updateMany({
        where: { integrationId: run.integration.id, contentType: type.slug },
        data: { linksReadAt: new Date(begunAt) },
      });
      await this.#events.record(tx, {
        ...run.owner,
        type: 'sync',
        action: 'links_read',
        details: { content_type: type.slug, changed, run_id: ledger.run.id },
      });
      return { checkpoint: { links: null } };
    });
  }

  /** Stores the base with which the links were read. A part that the platform does not say stays. */
  async #keepBase(run: ContentRun, type: TypeToSync, row: TypeSync, base: LinkBase | null): Promise<void> {
    if (base === null) return;
    const before = readBase(row);
    const now = JSON.stringify({
      home: base.home ?? before?.home ?? null,
      rules: base.rules ?? before?.rules ?? null,
    });
    if (now === row.linkBase) return;
    await run.ledger.step(async (tx) => {
      await tx.typeSync.updateMany({
        where: { integrationId: run.integration.id, contentType: type.slug },
        data: { linkBase: now },
      });
      return {};
    });
  }

  /** Clears the mark once the links of every enabled type were read since. A newer mark stays. */
  async #settle({ db, integration }: ContentRun, linksChangedAt: Date): Promise<void> {
    const types = configOf(integration).contentTypes?.post_types ?? {};
    const enabled = Object.keys(types).filter((slug) => types[slug]?.enabled);
    const read = await db.typeSync.count({
      where: {
        integrationId: integration.id,
        contentType: { in: enabled },
        linksReadAt: { gte: linksChangedAt },
      },
    });
    if (read < enabled.length) return;
    await db.siteIntegration.updateMany({
      where: { id: integration.id, linksChangedAt },
      data: { linksChangedAt: null },
    });
  }
}

function readBase({ linkBase }: Pick<TypeSync, 'linkBase'>): LinkBase | null {
  return linkBase === null ? null : linkBaseShape.parse(JSON.parse(linkBase));
}

/** Does the platform say another base than at the last reading? What was unknown before is no change. */
function hasOtherBase(row: TypeSync, base: LinkBase | null): boolean {
  const before = readBase(row);
  if (before === null || base === null) return false;
  const differs = (one: string | null, other: string | null) =>
    one !== null && other !== null && one !== other;
  return differs(before.home, base.home) || differs(before.rules, base.rules);
}

/** Returns how many contents have got another link. */
async function storeLinks(
  tx: Transaction,
  { owner, integration }: ContentRun,
  contentType: string,
  links: ReadonlyMap<string, string | null>,
): Promise<number> {
  const rows = [...links].map(([external_id, url]) => ({ external_id, url }));
  return tx.$executeRaw`
    UPDATE content SET external_url = link.url, updated_at = now()
    FROM json_to_recordset(${JSON.stringify(rows)}::json) AS link (external_id text, url text)
    WHERE site_id = ${owner.siteId} AND content_type = ${contentType} AND platform = ${integration.platform}
      AND content.external_id = link.external_id AND external_url IS DISTINCT FROM link.url`;
}
