/** Looks whether a site has another base of its links than when they were stored. */
import type { EventLog } from '../../events/eventLog.ts';
import { type ContentRun, presentTypes, type TypeToSync } from '../phaseContext.ts';
import { noteChangedLinks } from './changedLinks.ts';

/** The type whose links every structure of permalinks changes. */
const POST = 'post';
/** How many contents must have another link. The link of one alone may have been changed by hand. */
const contentsOfType = 2;

interface Parts {
  events: EventLog;
  now: () => number;
}

/**
 * Asks for the links of two contents, if the platform does not say by what rules it makes them. If they have changed,
 * notes it in the integration, and returns when; else null. Links that are others at each request say nothing. Throws
 * RemoteError, RunLost.
 */
export async function probeLinks(run: ContentRun, parts: Parts): Promise<Date | null> {
  const { readLinks, linkBase } = run.session;
  if (readLinks === undefined || linkBase === undefined) return null;
  const types = presentTypes(run).filter(({ type }) => run.session.linkBase?.(type)?.rules == null);
  const type = types.find(({ slug }) => slug === POST) ?? types[0];
  if (type === undefined) return null;
  const stored = await newest(run, type);
  const first = await differing(run, type, stored);
  if (first === null) return null;
  const second = await differing(run, type, stored);
  if (JSON.stringify(first) !== JSON.stringify(second)) return null;
  let changedAt: Date | null = null;
  await run.ledger.step(async (tx) => {
    changedAt = await noteChangedLinks(tx, run, parts, type.slug);
    return {};
  });
  return changedAt;
}

/** The newest published contents of a type, by their ids on the site. */
async function newest(run: ContentRun, { slug }: TypeToSync): Promise<Map<string, string>> {
  const { siteId } = run.owner;
  const rows = await run.db.content.findMany({
    where: {
      siteId,
      platform: run.integration.platform,
      contentType: slug,
      status: 'published',
      syncState: { not: 'deleted_remote' },
      externalId: { not: null },
      externalUrl: { not: null },
    },
    orderBy: { id: 'desc' },
    take: contentsOfType,
    select: { externalId: true, externalUrl: true },
  });
  return new Map(rows.map(({ externalId, externalUrl }) => [externalId ?? '', externalUrl ?? '']));
}

/** The links that the site has now, if every one is another than the stored link. */
async function differing(
  run: ContentRun,
  { type }: TypeToSync,
  stored: ReadonlyMap<string, string>,
): Promise<string[] | null> {
  if (stored.size === 0) return null;
  const links = await run.session.readLinks?.(type, [...stored.keys()]);
  const now = [...stored.keys()].map((id) => links?.get(id) ?? null);
  const differs = now.every((link, index) => link !== null && link !== [...stored.values()][index]);
  return differs ? now.filter((link) => link !== null) : null;
}
