import type { SimulatedSite } from './site.ts';

/**
 * Takes a backup of a site's database: posts, terms, users, types, and the tables and options of the
 * connector. Returns a function that restores the backup, as often as it is called. After a restore the site
 * gives the ids again that it gave since the backup. The seen requests and used nonces are not part of the
 * backup.
 */
export function takeBackup(site: SimulatedSite): () => void {
  const take = () => {
    const { requests: _, connector, ...stored } = site.state;
    const { usedNonces, ...options } = connector ?? { usedNonces: new Set<string>() };
    return {
      ...structuredClone({ stored, options: connector === null ? null : options }),
      lastPostId: site.lastPostId,
      lastTermId: site.lastTermId,
      seals: structuredClone(site.seals),
      waiting: structuredClone(site.outbox.waiting),
      usedNonces,
    };
  };
  const backup = take();
  return () => {
    const { stored, options, lastPostId, lastTermId, seals, waiting } = structuredClone(backup);
    const { connector } = site.state;
    Object.assign(site.state, stored);
    if (connector !== null && options !== null) Object.assign(connector, options);
    site.lastPostId = lastPostId;
    site.lastTermId = lastTermId;
    site.seals.clear();
    for (const [id, seal] of seals) site.seals.set(id, seal);
    site.outbox.waiting.splice(0, Number.POSITIVE_INFINITY, ...waiting);
  };
}
