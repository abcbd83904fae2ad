import { z } from 'zod';
import type { ToldSite } from '../../platforms/webhookPart.ts';

const siteFacts = z.object({
  home: z.string(),
  site_url: z.string(),
  name: z.string(),
  permalink_structure: z.string(),
  time_zone: z.string(),
  /** By the clock of the site. */
  at: z.iso.datetime(),
});

/** What a site last told of itself. */
export type SiteFacts = z.output<typeof siteFacts>;

/** Reads the column `site_facts`; null if the site has told nothing of itself yet. */
export function readSiteFacts(stored: unknown): SiteFacts | null {
  return stored === null ? null : siteFacts.parse(stored);
}

/** The value of the column `site_facts` for what a site tells. */
export function factsOf(site: ToldSite): SiteFacts {
  return {
    home: site.home,
    site_url: site.siteUrl,
    name: site.name,
    permalink_structure: site.permalinkStructure,
    time_zone: site.timeZone,
    at: new Date(site.at).toISOString(),
  };
}

/** Do two sites' links begin and go on in the same way? */
export function haveSameLinks(one: SiteFacts, other: SiteFacts): boolean {
  return (
    one.home === other.home &&
    one.site_url === other.site_url &&
    one.permalink_structure === other.permalink_structure
  );
}

/** Do the links of the site contain the slugs of the taxonomy's terms? */
export function linksHold(facts: SiteFacts | null, taxonomy: string): boolean {
  return facts?.permalink_structure.includes(`%${taxonomy}%`) ?? false;
}
