import type { SimulatedSite } from './site.ts';

/**
 * Takes a backup of a site's database: posts, terms, users, types, and the tables and options of the
 * connector. Returns a function that restores the backup, as often as it is called, into this site or into a copy
 * of it. After a restore the site gives the ids again that it gave since the backup. The seen requests and used
 * nonces are not part of the backup.
 */
export function takeBackup(site: SimulatedSite): (target?: SimulatedSite) => void {
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
  return (target = site) => {
    const { stored, options, lastPostId, lastTermId, seals, waiting } = structuredClone(backup);
    const { connector } = target.state;
    Object.assign(target.state, stored);
    if (connector !== null && options !== null) Object.assign(connector, options);
    target.lastPostId = lastPostId;
    target.lastTermId = lastTermId;
    target.seals.clear();
    for (const [id, seal] of seals) target.seals.set(id, seal);
    target.outbox.waiting.splice(0, Number.POSITIVE_INFINITY, ...waiting);
  };
}
