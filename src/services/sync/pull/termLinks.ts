/** Links that contain the slugs of terms, after a reading has found the terms renamed or moved. */
import { LINKS_AT_ONCE, type TypeOfSite } from '../../../platforms/contentPart.ts';
import type { EventLog } from '../../events/eventLog.ts';
import { type ContentRun, presentTypes, type TypeToSync } from '../phaseContext.ts';
import { noteChangedLinks } from './changedLinks.ts';

interface Parts {
  events: EventLog;
  now: () => number;
}

/**
 * Has all links read again if a link that contains one of the former slugs is another one now. The rules by which the
 * site makes its links may be unknown, so the site is asked for some of these links. Throws RemoteError, RunLost.
 * @param slugs the former slugs of terms that were renamed or moved.
 */
export async function checkTermLinks(
  run: ContentRun,
  parts: Parts,
  { slug: taxonomy }: TypeOfSite,
  slugs: readonly string[],
): Promise<void> {
  // Such a session reads every item with a changed term anyway, and its link with it.
  if (slugs.length === 0 || run.session.findsEveryChange || run.session.readLinks === undefined) return;
  for (const type of presentTypes(run)) {
    if (type.type.structure?.taxonomies?.includes(taxonomy) === false) continue;
    if (!(await hasOtherLinks(run, type, slugs))) continue;
    await run.ledger.step(async (tx) => {
      await noteChangedLinks(tx, run, parts, type.slug);
      return {};
    });
    return;
  }
}

async function hasOtherLinks(run: ContentRun, type: TypeToSync, slugs: readonly string[]): Promise<boolean> {
  const { siteId, platform } = run.integration;
  const stored = await run.db.$queryRaw<{ externalId: string; url: string }[]>`
    SELECT external_id AS "externalId", external_url AS url FROM content
    WHERE site_id = ${siteId} AND content_type = ${type.slug} AND platform = ${platform} AND external_id IS NOT NULL
      AND EXISTS (SELECT FROM unnest(${[...slugs]}::text[]) AS slug WHERE strpos(external_url, '/' || slug || '/') > 0)
    ORDER BY id DESC LIMIT ${LINKS_AT_ONCE}`;
  if (stored.length === 0) return false;
  const ids = stored.map(({ externalId }) => externalId);
  const found = (await run.session.readLinks?.(type.type, ids)) ?? new Map();
  return stored.some(({ externalId, url }) => found.has(externalId) && found.get(externalId) !== url);
}
