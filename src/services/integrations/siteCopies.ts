/** Tells a connected site from its copies. A copy, such as a staging site, has the key of the original. */
import type { Prisma } from '../../database/generated/client.ts';
import { foreignUrl } from '../../outbound/foreignUrl.ts';
import type { OnboardingPart, SiteSender } from '../../platforms/platform.ts';
import { configOf } from './integrationConfig.ts';

/** The columns that tell a connected site. */
export const ofConnectedSite = {
  id: true,
  siteId: true,
  config: true,
  installationId: true,
  connectionStatus: true,
  site: { select: { url: true } },
} as const;

export type ConnectedSite = Prisma.SiteIntegrationGetPayload<{ select: typeof ofConnectedSite }>;

/**
 * The home of the connected site: the address with which its plugin connected it or that a person entered, or
 * the address of the site, if a test has passed there. null if the site was never connected.
 */
export function connectedHome({ config, connectionStatus, site }: ConnectedSite): string | null {
  const address = configOf({ config }).json.site_url;
  if (typeof address === 'string') return address;
  return connectionStatus === 'healthy' ? site.url : null;
}

/**
 * Is the sender another WordPress than the connected site? A sender that does not name itself counts as the
 * site, as plugins before 0.5.0 do not.
 */
export function isCopy(
  { areTwoHomes }: OnboardingPart,
  site: ConnectedSite,
  sender: SiteSender | null,
): boolean {
  if (sender === null) return false;
  const home = connectedHome(site);
  if (home !== null && areTwoHomes(home, sender.home)) return true;
  const { installationId } = site;
  return installationId !== null && sender.installation !== null && installationId !== sender.installation;
}

/** Is the address on one of these hosts? A host with and without `www` counts as one. */
export function isOnHostOf(address: string, others: readonly (string | null)[]): boolean {
  const host = hostOf(address);
  return host !== null && others.some((other) => other !== null && hostOf(other) === host);
}

function hostOf(address: string): string | null {
  const url = foreignUrl(address);
  return url !== null && /^https?:$/.test(url.protocol) ? url.hostname.replace(/^www\./, '') : null;
}
