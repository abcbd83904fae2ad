import type { Core } from '../src/adminServices.ts';

export const owner = { email: 'owner@bench.example', password: 'a password for the bench' };

/**
 * Creates an account with `sites` sites, each with a key and a WordPress integration that was connected and
 * synced once. Returns the id of an integration in the middle.
 */
export async function seed(core: Core, sites: number): Promise<number> {
  const { accountId } = await core.accounts.createAccount({
    name: 'Bench',
    ownerEmail: owner.email,
    ownerPassword: owner.password,
  });
  const scope = { accountId, userId: null, siteId: null, role: 'owner' } as const;
  const made: { id: number; url: string }[] = [];
  for (let number = 1; number <= sites; number += 1) {
    const site = await core.sites.create(scope, {
      name: `Site ${number}`,
      url: `https://site-${number}.example`,
    });
    await core.sites.rotateKey(scope, site.id);
    made.push(site);
  }
  const integrations = await core.db.siteIntegration.createManyAndReturn({
    data: made.map((site) => ({
      accountId,
      siteId: site.id,
      platform: 'wordpress',
      config: { site_url: site.url, content_types: structure() },
      connectionStatus: 'healthy',
      syncStatus: 'success' as const,
      lastSyncAt: new Date(),
    })),
  });
  await core.db.$executeRaw`ANALYZE site, site_integration`;
  return integrations[Math.floor(sites / 2)]?.id ?? 0;
}

/** The structure that a plain WordPress with one plugin reports. */
function structure() {
  const type = { hierarchical: false, enabled: true, fetch_limit: null };
  return {
    post_types: {
      post: { ...type, label: 'Posts', count: 120, rest_base: 'posts', taxonomies: ['category', 'post_tag'] },
      page: { ...type, label: 'Pages', count: 14, rest_base: 'pages', hierarchical: true, taxonomies: [] },
      book: { ...type, label: 'Books', count: 31, rest_base: 'books', taxonomies: ['genre'] },
    },
    taxonomies: {
      category: { label: 'Categories', count: 9, rest_base: 'categories', hierarchical: true, enabled: true },
      post_tag: { label: 'Tags', count: 40, rest_base: 'tags', hierarchical: false, enabled: true },
      genre: { label: 'Genres', count: 6, rest_base: 'genres', hierarchical: true, enabled: true },
    },
    plugin_connection_enabled: true,
    two_way_sync_enabled: true,
    timestamp: '2026-01-01T00:00:00.000Z',
    last_structure_fetch: '2026-01-01T00:00:01.000Z',
  };
}
