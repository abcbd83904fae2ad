/** Changes of a site that leave the dates of its items as they were. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { SimulatedPost } from '../../src/simulation/wordpress/state.ts';
import { writePost } from '../support/contents.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type SyncedSite, startSyncedSite, type Way } from '../support/syncedSite.ts';

let server: TestServer;
let site: SyncedSite;

beforeAll(async () => {
  server = await startTestServer({ SYNC_WAIT_S: '120' });
});
afterEach(() => site.wordpress.stop());
afterAll(() => server.stop());

const ways: Way[] = ['connector', 'password'];
const pull = () => site.sync({ direction: 'from_external' });

/** Starts a site over core REST, of which a run compares twenty items: a plugin allows pages of four. */
async function startLargeSite(): Promise<SimulatedPost[]> {
  site = await startSyncedSite(server, 'password');
  site.wordpress.setFault('page_limit_lowered');
  const posts = Array.from({ length: 40 }, () => writePost(site.wordpress));
  expect(await pull()).toMatchObject({ status: 'success' });
  return posts;
}

describe('a site with more items than one run compares', () => {
  it('is wholly compared in a few syncs, in slices', async () => {
    const posts = await startLargeSite();
    const read = () =>
      server.db.typeSync.findMany({
        where: { integrationId: site.tenant.integrationId },
        orderBy: { contentType: 'asc' },
      });
    const before = await read();
    for (const post of posts) post.content = post.content.replace('Text', 'Replaced');
    const counts: number[] = [];
    for (let run = 0; run < 4; run += 1) {
      const { id, status } = await pull();
      expect(status).toBe('success');
      const { checkpoint } = await server.db.syncRun.findUniqueOrThrow({ where: { id } });
      expect(checkpoint).toMatchObject({ compared: 5 });
      counts.push((await site.contents({ body: { startsWith: '<p>Replaced' } })).length);
    }
    expect(counts[0]).toBeGreaterThan(0);
    expect(counts[0]).toBeLessThanOrEqual(20);
    expect(counts.at(-1)).toBe(posts.length);
    for (const [at, { fullyReadAt, comparedAt }] of (await read()).entries()) {
      expect(fullyReadAt).toEqual(before[at]?.fullyReadAt);
      expect(comparedAt > (before[at]?.comparedAt ?? comparedAt)).toBe(true);
    }
  });
});

describe('a site with more items than one run compares, whose category', () => {
  const held = (slug: string) =>
    site.contents({ contentType: 'post', terms: { array_contains: [{ taxonomy: 'category', slug }] } });

  it('was renamed, has the new name in every content after the next sync', async () => {
    await startLargeSite();
    const [waiting, both] = await site.contents({ contentType: 'post' });
    const draft = await site.write({
      title: 'Not there yet',
      terms: [{ taxonomy: 'category', slug: 'news/local', name: 'Local' }],
    });
    await site.edit(waiting?.id ?? 0, { title: 'Edited here' });
    await site.edit(both?.id ?? 0, {
      terms: [
        { taxonomy: 'category', slug: 'news', name: 'News' },
        { taxonomy: 'post_tag', slug: 'fresh', name: 'Fresh' },
      ],
    });
    const [news] = site.wordpress.state.terms.filter(({ slug }) => slug === 'news');
    Object.assign(news ?? {}, { slug: 'nachrichten', name: 'Nachrichten' });
    await pull();
    expect(await held('news')).toEqual([]);
    expect((await held('nachrichten')).length).toBe(46);
    expect(await site.content(draft)).toMatchObject({
      terms: [{ slug: 'nachrichten/local', name: 'Local' }],
    });
    expect(await site.content(waiting?.id ?? 0)).toMatchObject({
      title: 'Edited here',
      syncState: 'local_changes',
    });
    expect(await site.content(both?.id ?? 0)).toMatchObject({ syncState: 'local_changes' });
    expect(await site.contents({ syncState: 'conflict' })).toEqual([]);
    const told = await server.db.syncEvent.findMany({
      where: { siteId: site.tenant.site.siteId, action: 'term_changed' },
    });
    expect(told).toMatchObject([
      {
        details: { was: { slug: 'news' }, now: { slug: 'nachrichten', name: 'Nachrichten' }, contents: 47 },
      },
    ]);
    expect(await site.sync({ direction: 'both' })).toMatchObject({
      status: 'success',
      totals: { pushed: 2, conflicts: 0 },
    });
    expect(site.wordpress.state.terms.filter(({ slug }) => slug.startsWith('news'))).toEqual([]);
    expect(await site.contents({ syncState: { notIn: ['in_sync', 'local_only'] } })).toEqual([]);
  });

  it('is in the links, has its new slug in every link after the next sync', async () => {
    site = await startSyncedSite(server, 'password');
    const { wordpress } = site;
    wordpress.editor.setPermalinks('/%category%/%postname%/');
    const above = wordpress.editor.createTerm('category', { name: 'Above' });
    wordpress.setFault('page_limit_lowered');
    for (let n = 0; n < 40; n += 1) writePost(wordpress);
    expect(await pull()).toMatchObject({ status: 'success' });
    const links = async () =>
      (await site.contents()).map(({ externalId, externalUrl }) => [externalId, externalUrl]);
    const there = async () => (await links()).map(([id]) => [id, wordpress.permalink(Number(id))]);
    expect(await links()).toEqual(await there());
    const before = await links();
    for (const change of [{ slug: 'nachrichten' }, { parent: above.id }, { slug: 'reports' }]) {
      wordpress.editor.editTerm(2, change);
      expect(await pull()).toMatchObject({ status: 'success', totals: { conflicts: 0, failed: 0 } });
      expect(await links()).toEqual(await there());
    }
    expect(await links()).not.toEqual(before);
    expect(await site.contents({ syncState: { not: 'in_sync' } })).toEqual([]);
    const { linksChangedAt } = await server.db.siteIntegration.findUniqueOrThrow({
      where: { id: site.tenant.integrationId },
    });
    expect(linksChangedAt).toBeNull();
  });

  it('has a slug that links contain for another reason, has no link read again', async () => {
    await startLargeSite();
    site.wordpress.editor.create('page', { title: 'News', status: 'publish', slug: 'news' });
    await pull();
    site.wordpress.editor.editTerm(2, { slug: 'reports' });
    await pull();
    const told = await server.db.syncEvent.findMany({
      where: { siteId: site.tenant.site.siteId, action: { in: ['links_changed', 'links_read'] } },
    });
    expect(told).toEqual([]);
  });

  it('was deleted, is in no content after the next sync', async () => {
    await startLargeSite();
    const [waiting] = await site.contents({ contentType: 'post' });
    await site.edit(waiting?.id ?? 0, { title: 'Edited here' });
    const { state } = site.wordpress;
    state.terms = state.terms.filter(({ slug }) => slug !== 'news');
    for (const post of state.posts) post.terms = post.terms?.map((id) => (id === 2 ? 1 : id)) ?? [];
    await pull();
    expect(await held('news')).toEqual([]);
    expect((await held('uncategorized')).length).toBe(46);
    expect(await site.contents({ syncState: { not: 'in_sync' } })).toMatchObject([
      { title: 'Edited here', syncState: 'local_changes' },
    ]);
  });
});

describe.each(ways)('by %s, a change that leaves no date', (way) => {
  it('of a text', async () => {
    site = await startSyncedSite(server, way);
    await pull();
    const [post] = site.wordpress.state.posts;
    if (post) post.content = 'Replaced by SQL';
    expect(await pull()).toMatchObject({ status: 'success', totals: { pulled: 1, updated: 1 } });
    expect(await site.contents({ externalId: '1' })).toMatchObject([
      { body: 'Replaced by SQL', syncState: 'in_sync' },
    ]);
    expect(await pull()).toMatchObject({ status: 'success', totals: { pulled: 0, updated: 0 } });
  });

  it('of the permalinks, and the texts stay', async () => {
    site = await startSyncedSite(server, way);
    const { connector } = site.wordpress.state;
    if (connector !== null) connector.version = '0.6.0';
    await pull();
    const [waiting] = await site.contents({ contentType: 'post', externalStatus: 'publish' });
    await site.edit(waiting?.id ?? 0, { title: 'Edited here' });
    site.wordpress.editor.setPermalinks('/archives/%post_id%');
    expect(await pull()).toMatchObject({ status: 'success', totals: { conflicts: 0, failed: 0 } });
    for (const { externalId, externalUrl } of await site.contents())
      expect(externalUrl).toBe(site.wordpress.permalink(Number(externalId)));
    expect(await site.content(waiting?.id ?? 0)).toMatchObject({
      title: 'Edited here',
      externalUrl: `${site.wordpress.url}/archives/${waiting?.externalId}`,
      syncState: 'local_changes',
    });
    const { linksChangedAt } = await server.db.siteIntegration.findUniqueOrThrow({
      where: { id: site.tenant.integrationId },
    });
    expect(linksChangedAt).toBeNull();
  });

  it('of the address of the integration, after which every link has the new address', async () => {
    site = await startSyncedSite(server, way);
    await pull();
    const moved = await site.wordpress.copy();
    try {
      await server
        .as(site.tenant.owner)
        .patch(site.path(), { config_json: { site_url: moved.url } })
        .expect(200);
      expect(await pull()).toMatchObject({ status: 'success', totals: { conflicts: 0, failed: 0 } });
      for (const { externalId, externalUrl } of await site.contents())
        expect(externalUrl).toBe(moved.permalink(Number(externalId)));
    } finally {
      await moved.stop();
    }
  });

  it('of the base of the links is read again after a crash in the middle', async () => {
    site = await startSyncedSite(server, way);
    await pull();
    const where = { siteId: site.tenant.site.siteId };
    await server.db.content.updateMany({ where, data: { externalUrl: 'https://old.example.com/' } });
    const integration = { id: site.tenant.integrationId };
    await server.db.siteIntegration.update({ where: integration, data: { linksChangedAt: new Date() } });
    const isLinks = ({ target }: { target: string }) => /include=.*_fields=id(,|%2C)link/.test(target);
    site.wordpress.disturb({ fault: 'html', when: isLinks, skip: 1 });
    expect(await pull()).toMatchObject({ status: 'failed' });
    expect(await server.db.siteIntegration.findUniqueOrThrow({ where: integration })).toMatchObject({
      linksChangedAt: expect.any(Date),
    });
    site.wordpress.calm();
    await server.as(site.tenant.owner).post(site.path('/test-connection')).expect(200);
    expect(await pull()).toMatchObject({ status: 'success', totals: { conflicts: 0 } });
    for (const { externalId, externalUrl } of await site.contents())
      expect(externalUrl).toBe(site.wordpress.permalink(Number(externalId)));
    expect(await server.db.siteIntegration.findUniqueOrThrow({ where: integration })).toMatchObject({
      linksChangedAt: null,
    });
  });

  it('of terms does not disturb an edit that waits here', async () => {
    site = await startSyncedSite(server, way);
    await pull();
    const [waiting] = await site.contents({ contentType: 'post', externalStatus: 'publish' });
    await site.edit(waiting?.id ?? 0, { title: 'Edited here' });
    site.wordpress.editor.editTerm(2, { name: 'Nachrichten', slug: 'nachrichten' });
    site.wordpress.editor.deleteTerm(3);
    expect(await site.sync({ direction: 'both' })).toMatchObject({
      status: 'success',
      totals: { conflicts: 0, pushed: 1 },
    });
    expect(await site.content(waiting?.id ?? 0)).toMatchObject({
      title: 'Edited here',
      syncState: 'in_sync',
      terms: [{ taxonomy: 'category', slug: 'nachrichten', name: 'Nachrichten' }],
    });
    expect(site.wordpress.state.terms.map(({ slug }) => slug)).not.toContain('green');
  });

  it('of the parent of a term is in the paths here, and no push makes the term twice', async () => {
    site = await startSyncedSite(server, way);
    const { editor, state } = site.wordpress;
    const world = editor.createTerm('category', { name: 'World' });
    const planet = editor.createTerm('category', { name: 'Planet' });
    const europe = editor.createTerm('category', { name: 'Europe', parent: world.id });
    await pull();
    const named = (slug: string, name: string) => ({ taxonomy: 'category', slug, name });
    const terms = [named('world/europe', 'Europe')];
    const ready = await site.write({ title: 'Ready', status: 'ready', terms });
    const below = [named('world/europe/france', 'France'), named('world', 'World')];
    const draft = await site.write({ title: 'Not yet', terms: below });
    editor.editTerm(europe.id, { parent: planet.id });
    const count = state.terms.length;
    expect(await site.sync({ direction: 'both' })).toMatchObject({
      status: 'success',
      totals: { pushed: 1, conflicts: 0 },
    });
    expect(state.terms).toHaveLength(count);
    const { externalId } = await site.content(ready);
    expect(state.posts.find(({ id }) => String(id) === externalId)?.terms).toEqual([europe.id]);
    expect(await site.content(draft)).toMatchObject({
      terms: [named('planet/europe/france', 'France'), named('world', 'World')],
    });
    const where = { siteId: site.tenant.site.siteId, externalId: String(europe.id) };
    expect(await server.db.siteTerm.findFirst({ where })).toMatchObject({ parentId: String(planet.id) });
    const told = await server.db.syncEvent.findMany({
      where: { siteId: site.tenant.site.siteId, action: 'term_changed' },
    });
    expect(told).toMatchObject([
      {
        details: {
          was: { slug: 'europe', parent: String(world.id) },
          now: { slug: 'europe', parent: String(planet.id) },
          contents: 2,
        },
      },
    ]);
  });
});

describe('over core REST, a site with more items than one run compares', () => {
  const authors = async () => new Set((await site.contents()).map(({ metadata }) => Object(metadata).author));
  const pictures = async () =>
    new Set((await site.contents()).map(({ metadata }) => Object(metadata).featured_media));

  /** Forty posts of another author, each with a picture of its own. */
  async function startIllustratedSite(): Promise<{ author: number; pictures: number[] }> {
    const posts = await startLargeSite();
    const { editor, state } = site.wordpress;
    const author = Math.max(...state.users.map(({ id }) => id)) + 1;
    state.users.push({ id: author, login: 'writer', role: 'author', applicationPassword: null });
    const ids = posts.map((post) => {
      const picture = editor.create('attachment', { title: 'Picture', status: 'inherit' });
      Object.assign(post, { author, featured_media: picture.id });
      return picture.id;
    });
    expect(await pull()).toMatchObject({ status: 'success' });
    expect(await site.sync({ direction: 'from_external', full: true })).toMatchObject({ status: 'success' });
    expect((await authors()).has(author)).toBe(true);
    expect((await pictures()).has(ids[0])).toBe(true);
    return { author, pictures: ids };
  }

  it('whose user was deleted, has the other author in every content after the next sync', async () => {
    const { author } = await startIllustratedSite();
    const [waiting] = await site.contents({ metadata: { path: ['author'], equals: author } });
    await site.edit(waiting?.id ?? 0, { title: 'Edited here' });
    site.wordpress.editor.deleteUser(author, 1);
    expect(await pull()).toMatchObject({ status: 'success', totals: { conflicts: 0 } });
    expect((await authors()).has(author)).toBe(false);
    expect(await site.content(waiting?.id ?? 0)).toMatchObject({
      title: 'Edited here',
      syncState: 'local_changes',
    });
    expect(await pull()).toMatchObject({ totals: { updated: 0 } });
  });

  it('whose pictures were deleted, has none of them in any content after the next sync', async () => {
    const { pictures: ids } = await startIllustratedSite();
    for (const id of [ids[0], ids[39]]) site.wordpress.editor.deletePicture(id ?? 0);
    site.wordpress.editor.create('attachment', { title: 'Uploaded since', status: 'inherit' });
    expect(await pull()).toMatchObject({ status: 'success', totals: { updated: 2, conflicts: 0 } });
    const left = await pictures();
    expect([left.has(ids[0]), left.has(ids[39]), left.has(ids[1])]).toEqual([false, false, true]);
  });

  it('asks a run again that was interrupted while it read them', async () => {
    const { author, pictures: ids } = await startIllustratedSite();
    site.wordpress.editor.deleteUser(author, 1);
    site.wordpress.editor.deletePicture(ids[39] ?? 0);
    let readings = 0;
    site.wordpress.disturb({
      fault: 'latency',
      when: ({ target }) => {
        readings += /posts\?.*include=/.test(target) ? 1 : 0;
        if (readings === 2) site.wordpress.setFault('login_redirect');
        return false;
      },
    });
    expect(await pull()).toMatchObject({ status: 'failed' });
    site.wordpress.calm();
    site.wordpress.clearFaults();
    site.wordpress.setFault('page_limit_lowered');
    await server.as(site.tenant.owner).post(site.path('/test-connection')).expect(200);
    expect(await pull()).toMatchObject({ status: 'success' });
    expect((await authors()).has(author)).toBe(false);
    expect((await pictures()).has(ids[39])).toBe(false);
  });

  it('whose permalinks change twice, has the right links after each sync', async () => {
    const posts = await startLargeSite();
    for (let n = 0; n < 40; n += 1) writePost(site.wordpress, { type: 'page', terms: [] });
    expect(await pull()).toMatchObject({ status: 'success' });
    for (const structure of ['/first/%post_id%', '/second/%post_id%']) {
      site.wordpress.editor.setPermalinks(structure);
      expect(await pull()).toMatchObject({ status: 'success', totals: { conflicts: 0 } });
      for (const { externalId, externalUrl } of await site.contents({ contentType: 'post' }))
        expect(externalUrl).toBe(site.wordpress.permalink(Number(externalId)));
    }
    expect(posts).toHaveLength(40);
    site.wordpress.state.requests.length = 0;
    expect(await pull()).toMatchObject({ status: 'success' });
    const links = site.wordpress.state.requests.filter(({ target }) => /_fields=id(,|%2C)link/.test(target));
    expect(links.length).toBeLessThanOrEqual(1);
  });

  it('whose links are others at each request, is not read again for them', async () => {
    await startLargeSite();
    const { state } = site.wordpress;
    let requests = 0;
    site.wordpress.disturb({
      fault: 'latency',
      when: ({ target }) => {
        requests += /_fields=id(,|%2C)link/.test(target) ? 1 : 0;
        state.permalinkStructure = `/at-${requests}/%post_id%`;
        return false;
      },
    });
    expect(await pull()).toMatchObject({ status: 'success' });
    requests = 0;
    expect(await pull()).toMatchObject({ status: 'success' });
    expect(requests).toBeLessThanOrEqual(6);
  });

  it('costs two requests more if nothing was deleted, and one reading if a user is only hidden', async () => {
    const { author } = await startIllustratedSite();
    const { state } = site.wordpress;
    const asked = (pattern: RegExp) => state.requests.filter(({ target }) => pattern.test(target)).length;
    state.requests.length = 0;
    expect(await pull()).toMatchObject({ status: 'success', totals: { updated: 0 } });
    expect([asked(/wp\/v2\/users\?/), asked(/wp\/v2\/media\?/)]).toEqual([1, 1]);
    const quiet = asked(/posts\?.*include=/);
    const hidden = state.users.filter(({ id }) => id === author);
    state.users = state.users.filter(({ id }) => id !== author);
    state.requests.length = 0;
    expect(await pull()).toMatchObject({ status: 'success', totals: { updated: 0 } });
    // A page of this site has four posts, so the posts of the user are read by ten requests, and some of them twice.
    expect(asked(/posts\?.*include=/) - quiet).toBeLessThanOrEqual(20);
    state.users.push(...hidden);
    state.requests.length = 0;
    expect(await pull()).toMatchObject({ status: 'success', totals: { updated: 0 } });
    // A run compares other items by five requests, and asks for the links of two.
    expect(asked(/posts\?.*include=/)).toBeLessThanOrEqual(6);
  });
});
