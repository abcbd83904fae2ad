import type { SimulatedSite } from './site.ts';

/**
 * Takes a backup of a site's database: posts, terms, users, types, and what the connector keeps in its tables and
 * options. The function that is returned puts it back, as often as it is called; ids that were given since are given
 * again then. What was requested, and which nonces were used, is nothing that a site forgets.
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
